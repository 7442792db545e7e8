/** The environment, read here and nowhere else in the local engine. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return process.env;
}

/** Where programs are looked up. */
export function searchPath(): string {
  return process.env['PATH'] ?? '/usr/bin:/bin';
}

/** Where root's PostgreSQL servers keep their data, unless it is to be elsewhere. */
export function postgresState(): string {
  return process.env['FAULTLINE_POSTGRES_STATE'] ?? '/var/lib/faultline';
}
