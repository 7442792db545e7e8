import { compiledBefore } from '@faultline/chassis/testing/process';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../system.ts';

/** What a service is started with, and the variable it has to name when it refuses. */
export type StartCase = {
  what: string;
  service: string;
  env: Record<string, string>;
  names: string;
};

const stores = {
  DATABASE_URL: 'postgres://nobody:planted-password@127.0.0.1:1/none',
  REDIS_URL: 'redis://127.0.0.1:1',
};
const planted = 'planted-secret-value';

/** Everything right for any service; each case spoils one thing. */
const right = { SERVICE_NAME: 'x', ...stores };

export const startCases: StartCase[] = [
  starting('inventory', 'LISTEN_HTTP', '0.0.0.0:70000'),
  starting('inventory', 'LISTEN_ADMIN', 'nine'),
  starting('inventory', 'DATABASE_URL', `${planted} is no URL`),
  starting('inventory', 'DATABASE_POOL_MAX', '-1'),
  starting('orders', 'CATALOG_URL', 'ftp://catalog'),
  starting('orders', 'REDIS_URL', 'http://redis'),
  starting('gateway', 'RATE_LIMIT_API', 'as many as you like'),
  starting('profiles', 'SIGNING_KEY', `{"kty":"OKP","d":"${planted}"}`),
  starting('catalog', 'LOG_LEVEL', 'shouting'),
  missing('payments', 'DATABASE_URL'),
  missing('profiles', 'SIGNING_KEY'),
  missing('notifications', 'SERVICE_NAME'),
  starting('images', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'not a URL'),
];

function starting(service: string, name: string, value: string): StartCase {
  return { what: `${name}=${value}`, service, env: { ...right, [name]: value }, names: name };
}

function missing(service: string, name: string): StartCase {
  const { [name]: _, ...env }: Record<string, string> = right;
  return { what: `no ${name}`, service, env, names: name };
}

export type Ending = { code: number | null; output: string };

/** Starts a service as its Deployment does and waits for its end. */
export function startService({ service, env }: StartCase): Promise<Ending> {
  const args = ['--import', '@faultline/telemetry/start', 'src/main.ts'];
  return run(args, join(root, 'services', service), env);
}

/** Runs the `faultline` command. */
export function faultline(...args: string[]): Promise<Ending> {
  return run([join(root, 'local/bin/faultline.mjs'), ...args], root, {});
}

function run(args: string[], cwd: string, env: Record<string, string>): Promise<Ending> {
  const { PATH = '' } = process.env;
  const options = {
    cwd,
    timeout: 20_000,
    killSignal: 'SIGKILL' as const,
    env: { PATH, ...compiledBefore, ...env },
  };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, output: `${stdout}${stderr}` });
    });
  });
}
