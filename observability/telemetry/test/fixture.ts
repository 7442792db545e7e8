import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentWith, stores } from './config.ts';

const START = new URL('../src/start.ts', import.meta.url);
const SERVICE = new URL('./fixture-service.ts', import.meta.url);

/** What the fixture answered. */
export type Reply = { readonly status: number; readonly body: string };

/** The fixture service in a process of its own, preloaded with telemetry as a real one is. */
export type Fixture = AsyncDisposable & {
  readonly child: ChildProcess;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  post(path: string, body: string): Promise<Reply>;
};

export type FixtureOptions = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly callUrl?: string;
  /** A Unix socket's path; a free loopback port without. */
  readonly socketPath?: string;
  readonly withStores?: boolean;
};

/** Starts the fixture and waits until it listens. */
export async function startFixture(options: FixtureOptions): Promise<Fixture> {
  const settings = {
    listen: options.socketPath ?? 0,
    callUrl: options.callUrl ?? '',
    postgresUrl: options.withStores === true ? stores.postgresUrl : '',
    redisUrl: options.withStores === true ? stores.redisUrl : '',
  };
  const child = spawn(
    process.execPath,
    ['--import', START.href, fileURLToPath(SERVICE), JSON.stringify(settings)],
    { env: environmentWith(options.environment ?? {}), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const address: unknown = JSON.parse(String((await once(child.stdout, 'data'))[0]));
  const target = addressOf(address);
  return {
    child,
    get: (path, headers = {}) => send({ ...target, path, headers }),
    post: (path, body) => send({ ...target, path, method: 'POST', headers: {} }, body),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** What preloading telemetry loads of OpenTelemetry, by the packages' names. */
export async function loadedPackages(
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const tell = 'console.log(JSON.stringify(Object.keys(require.cache)))';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', START.href, '--eval', tell],
    { env: environmentWith(environment) },
  );
  const names = stdout.matchAll(/node_modules\/(@opentelemetry\/[\w-]+)/g);
  return [...new Set(Array.from(names, ([, name = '']) => name))];
}

function addressOf(address: unknown): { socketPath: string } | { port: number } {
  if (typeof address === 'string') return { socketPath: address };
  if (typeof address === 'object' && address !== null && 'port' in address)
    return { port: Number(address.port) };
  throw new Error(`the fixture printed ${JSON.stringify(address)}, expected an address`);
}

async function send(
  options: Parameters<typeof request>[1] & object,
  body?: string,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const outgoing = request({ ...options, agent: false }, (response) => {
    text(response).then(
      (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
      reject,
    );
  });
  outgoing.on('error', reject).end(body);
  return await promise;
}
