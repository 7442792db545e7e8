import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * For the environment of a program that tests start from the checkout: what Node.js has compiled of
 * it before, without which a start takes half as much time again.
 */
export const compiledBefore = {
  NODE_COMPILE_CACHE: fileURLToPath(
    new URL('../../../../node_modules/.cache/faultline', import.meta.url),
  ),
} as const;

/** For one from a copy of the checkout: it would leave there what nobody uses again. */
export const compilesAnew = { NODE_DISABLE_COMPILE_CACHE: '1' } as const;

/** A service running as it does in production: its own process, on free loopback ports. */
export type ServiceProcess = {
  /** URL of its service port; empty when it serves none. */
  readonly http: string;
  /** URL of its admin port. */
  readonly admin: string;
  /** How it ended: an exit code, or the signal that ended it. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends `signal` and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/**
 * Starts `src/main.ts` (or `entry`, or Node with `args`) of the service in `dir` and waits until it
 * says `started`.
 * @throws Error with the last lines it wrote when it ends before that.
 */
export async function startProcess(options: {
  dir: string;
  env: Readonly<Record<string, string>>;
  entry?: string;
  args?: readonly string[];
}): Promise<ServiceProcess> {
  const { entry = 'src/main.ts', args = [entry] } = options;
  const child = spawn(process.execPath, args, {
    cwd: options.dir,
    env: {
      ...compiledBefore,
      LISTEN_HTTP: '127.0.0.1:0',
      LISTEN_ADMIN: '127.0.0.1:0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const orphaned = () => child.kill('SIGKILL');
  process.once('exit', orphaned);
  const ended = once(child, 'exit').then(() => {
    process.off('exit', orphaned);
    return { code: child.exitCode, signal: child.signalCode };
  });
  const lines: string[] = [];
  const note = (line: string) => {
    lines.push(line);
    if (lines.length > 50) lines.shift();
  };
  createInterface({ input: child.stderr }).on('line', note);
  const addresses = new Promise<{ http: string; admin: string }>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      note(line);
      const logged = parse(line);
      if (logged['msg'] !== 'started') return;
      resolve({ http: String(logged['http'] ?? ''), admin: String(logged['admin']) });
    });
  });
  const died = ended.then(({ code, signal }) => {
    throw new Error(`the service ended (${code ?? signal}) at start:\n${lines.join('\n')}`);
  });
  const { http, admin } = await Promise.race([addresses, died]);
  died.catch((error: unknown) => note(String(error)));
  return {
    http,
    admin,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
