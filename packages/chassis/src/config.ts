import { z } from 'zod';

/** Thrown when the environment does not fit; its message names every variable at fault. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Where a server listens: a TCP address or a Unix socket. */
export type ListenAddress = { host: string; port: number } | { path: string };

/** `host:port`, `:port` or `unix:/path`. */
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  if (text.startsWith('unix:/')) return { path: text.slice('unix:'.length) };
  const match = /^(?<host>[^:]*|\[[^\]]+\]):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (!match || port > 65_535) {
    context.addIssue(`expected host:port with a port up to 65535, or unix:/path, got '${text}'`);
    return z.NEVER;
  }
  return { host: match.groups?.['host'] || '0.0.0.0', port };
});

/** An absolute http(s) URL without a trailing slash. */
export const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

/** What every service reads, whatever it does. Durations are milliseconds. */
export const serviceConfig = {
  SERVICE_NAME: z.string().min(1),
  SERVICE_VERSION: z.string().min(1).default('0.0.0'),
  POD_NAME: z.string().min(1).default('local'),
  LISTEN_HTTP: listenAddress.prefault('0.0.0.0:8080'),
  LISTEN_ADMIN: listenAddress.prefault('0.0.0.0:9100'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** How long a request may take when its caller named no deadline. */
  REQUEST_TIMEOUT_MS: z.coerce.number().int().min(1).max(600_000).default(15_000),
  /** How long a draining process goes on serving so that everybody learns it is leaving. */
  DRAIN_DELAY_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  /** See `crash.ts`; set by tests only. */
  CRASH_POINTS: z.string().optional(),
  CRASH_REPORT_FILE: z.string().optional(),
  /** From the first SIGTERM to a forced, non-zero exit. */
  SHUTDOWN_TIMEOUT_MS: z.coerce.number().int().min(100).max(600_000).default(25_000),
};

/** For a service with a database of its own. */
const postgresConfig = {
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL_MAX: z.coerce.number().int().min(1).max(100).default(8),
  /** Whether the process brings its database up to date itself or waits until a Job has. */
  MIGRATIONS: z.enum(['apply', 'await']).default('apply'),
};

/** For a service that uses Redis: streams, caches or limits. */
export const redisConfig = {
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
};

/** For a service with a database and events: what {@link serviceConfig} has, and both stores. */
export const storeServiceConfig = { ...serviceConfig, ...postgresConfig, ...redisConfig };

/** For a process that only brings a service's database up to date; see `run-migrations.ts`. */
export function readMigrationsConfig() {
  const { DATABASE_URL } = postgresConfig;
  return loadConfig({ ...serviceConfig, DATABASE_URL }, process.env);
}

/** For a service that can bring demonstration data along. */
export const seedConfig = {
  SEED: z.enum(['none', 'demo']).default('none'),
};

/** The parsed form of {@link serviceConfig}. */
export type ServiceConfig = z.output<z.ZodObject<typeof serviceConfig>>;

/**
 * Parses the environment once. Returns a frozen object with just the variables of `shape`.
 * @throws ConfigError naming each variable that is missing or wrong, never its value's secret.
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = z.object(shape).safeParse(present);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return env[name] === undefined ? `${name} is not set` : `${name}: ${issue.message}`;
  });
  throw new ConfigError(`cannot start with this environment: ${faults.join('; ')}`);
}
