import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Clock, deadlineSignal } from '@faultline/chassis/clock';
import { EngineError } from '../../engine-error.ts';
import type { Kubectl } from './read.ts';

/** Whom kubectl speaks to. */
export type Cluster = {
  context: string;
  namespace: string;
  /** The program; tests have one of their own. */
  program?: string;
};

const answerBytesMax = 64 * 1024 * 1024;
const forwardMs = 15_000;
const run = promisify(execFile);

/** Asks a cluster by kubectl; nothing goes through a shell. */
export function kubectlFor(cluster: Cluster): Kubectl {
  const { namespace, program = 'kubectl' } = cluster;
  const get = async (...args: string[]) => {
    const asked = ['get', '--output=json', '--request-timeout=15s', ...args];
    try {
      const options = { maxBuffer: answerBytesMax };
      const { stdout } = await run(program, [...addressed(cluster), ...asked], options);
      return parse(stdout);
    } catch (error) {
      throw new EngineError(`kubectl get ${args.join(' ')}: ${reasonOf(error)}`, { cause: error });
    }
  };
  return { get, namespace };
}

/** Nothing is answered for what is not there and may be missing. */
function parse(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text);
}

/** The last of several flags of a name counts, so that what is asked may name another namespace. */
function addressed({ context, namespace }: Cluster): string[] {
  return [`--context=${context}`, `--namespace=${namespace}`];
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ENOENT') return 'is kubectl installed and on the PATH?';
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? error.message : said;
}

/**
 * Leads a port of this machine to one of a Service's for as long as `use` takes. The API server's own
 * proxy would need one child process less, but comes from an address that NetworkPolicies refuse.
 */
export async function throughForward<Result>(
  to: Cluster & { service: string; port: number },
  { clock, use }: { clock: Clock; use: (url: string) => Promise<Result> },
): Promise<Result> {
  const { service, port, program = 'kubectl' } = to;
  const what = ['port-forward', '--address=127.0.0.1', `service/${service}`, `:${port}`];
  const child = spawn(program, [...addressed(to), ...what], { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const closed = once(child, 'close').catch((error: unknown) => complaints.push(reasonOf(error)));
  using deadline = deadlineSignal(clock, clock.monotonic() + forwardMs);
  deadline.signal.addEventListener('abort', () => child.kill(), { once: true });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const local = /^Forwarding from 127\.0\.0\.1:(?<port>\d+)/.exec(line)?.groups?.['port'];
      if (local !== undefined) return await use(`http://127.0.0.1:${local}`);
    }
    await closed;
    const why = complaints.join('').trim() || 'it leads nowhere';
    throw new EngineError(`kubectl port-forward service/${service}: ${why}`);
  } finally {
    child.kill();
    await closed;
  }
}
