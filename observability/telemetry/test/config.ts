/** Stores the test run provides; undefined where it provides none. */
export const stores: { postgresUrl: string | undefined; redisUrl: string | undefined } = {
  get postgresUrl() {
    return process.env['TEST_POSTGRES_URL'];
  },
  get redisUrl() {
    return process.env['TEST_REDIS_URL'];
  },
};

/**
 * This process's environment without anything telemetry or a proxy would react to, plus `changes`.
 */
export function environmentWith(changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OTEL_|SERVICE_|POD_)|_PROXY$/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...changes };
}
