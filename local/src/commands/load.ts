import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadOptions } from '@faultline/load/run';
import { parseGoDuration } from '@faultline/mesh-core/duration';
import { connectEngine } from '../control/client.ts';
import { EngineError } from '../engine-error.ts';
import { formatTable } from '../ui/table.ts';
import {
  printJson,
  textFlag,
  UsageError,
  wholeNumber,
  type Command,
  type Invocation,
} from './command.ts';

const journeyNames = ['browse', 'search', 'buy', 'sign-in', 'orders', 'upload', 'admin'];

export const load: Command = {
  name: 'load',
  args: '',
  summary: 'Send people through the shop at a steady rate and count what they meet',
  example: 'faultline load --rps 40 --duration 2m --journeys browse=3,buy=1',
  options: {
    rps: { type: 'string', help: 'requests a second on average (default 20)' },
    duration: { type: 'string', help: 'such as 90s or 10m (default 60s)' },
    seed: { type: 'string', help: 'sends the same people at the same times again' },
    journeys: {
      type: 'string',
      help: `only these, by weight, of: ${journeyNames.join(', ')}`,
    },
    target: { type: 'string', help: 'the URL of a gateway (default: of the system that runs)' },
    concurrency: { type: 'string', help: 'journeys under way at a time (default 500)' },
    timeout: { type: 'string', help: 'for each request (default 10s)' },
  },
  async run(invocation) {
    const options = parseOptions(invocation);
    const admin = await adminAccount(invocation);
    const target = await findTarget(invocation);
    // Not at the top: the other commands start faster without the shop's contracts.
    const { runLoad } = await import('@faultline/load/run');
    const { formatProgress, formatReport } = await import('@faultline/load/format');
    const { terminal, json } = invocation;
    const isWatched = terminal.interactive && !json;
    const report = await runLoad({
      ...options,
      target,
      ...(admin && { admin }),
      signal: stopSignal(),
      ...(isWatched && {
        onProgress: (soFar) =>
          terminal.out(`\r\u001B[2K${formatProgress(soFar).slice(0, terminal.columns() - 1)}`),
      }),
    });
    if (isWatched) terminal.out('\r\u001B[2K');
    if (json) printJson(invocation, report);
    else terminal.out(formatReport(report, formatTable));
    return 0;
  },
};

function parseOptions(
  invocation: Invocation,
): Pick<LoadOptions, 'rps' | 'durationMs' | 'seed' | 'timeoutMs'> & Partial<LoadOptions> {
  const journeys = textFlag(invocation, 'journeys');
  const seed = textFlag(invocation, 'seed');
  const concurrency = textFlag(invocation, 'concurrency');
  return {
    rps: rate(textFlag(invocation, 'rps') ?? '20'),
    durationMs: duration('--duration', textFlag(invocation, 'duration') ?? '60s'),
    seed: seed === undefined ? randomInt(1_000_000) : wholeNumber('--seed', seed),
    timeoutMs: duration('--timeout', textFlag(invocation, 'timeout') ?? '10s'),
    ...(journeys !== undefined && { weights: parseWeights(journeys) }),
    ...(concurrency !== undefined && { concurrencyMax: wholeNumber('--concurrency', concurrency) }),
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 100_000) return value;
  throw new UsageError(`--rps: expected a number above 0, not '${text}'`);
}

function duration(flag: string, text: string): number {
  const ms = parseGoDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(`${flag}: expected a duration such as 90s or 10m, not '${text}'`);
}

/** `browse=3,buy=1` */
function parseWeights(text: string): Record<string, number> {
  const entries = text.split(',').map((part): [string, number] => {
    const [, name = '', weight = ''] = /^([a-z-]+)=(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    if (journeyNames.includes(name)) return [name, Number(weight)];
    const known = journeyNames.join(', ');
    throw new UsageError(`--journeys: expected <name>=<weight> of ${known}, not '${part}'`);
  });
  if (entries.some(([, weight]) => weight > 0)) return Object.fromEntries(entries);
  throw new UsageError('--journeys: expected a weight above 0');
}

async function findTarget(invocation: Invocation): Promise<string> {
  const given = textFlag(invocation, 'target');
  if (given !== undefined) {
    if (/^https?:$/.test(URL.parse(given)?.protocol ?? '')) return new URL(given).origin;
    throw new UsageError(`--target: expected an http or https URL, not '${given}'`);
  }
  const engine = await connectEngine(invocation.dataDir);
  const { links } = await engine.call('status', { secrets: false });
  const shop = links['Shop'];
  if (shop === undefined) throw new EngineError('load the shop: the running system has none');
  // Names have two addresses, of which the engine listens on one.
  return new URL(shop).origin.replace('//localhost:', '//127.0.0.1:');
}

/** Of the local system's back office; nobody goes there elsewhere. */
async function adminAccount(
  invocation: Invocation,
): Promise<{ email: string; password: string } | undefined> {
  if (textFlag(invocation, 'target') !== undefined) return undefined;
  const file = join(invocation.dataDir, 'secrets', 'demo-admin-password.password');
  const password = await readFile(file, 'utf8').catch(() => undefined);
  return password === undefined ? undefined : { email: 'admin@faultline.local', password };
}

/** The first Ctrl-C ends the run and still shows what was; a second one ends it at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
