import { connectEngine, type ControlClient } from '../control/client.ts';
import type { FaultReport } from '../faults/faults.ts';
import { formatTable } from '../ui/table.ts';
import { printJson, textFlag, UsageError, type Command, type Invocation } from './command.ts';

export const fault: Command = {
  name: 'fault',
  args: '<add|list|clear> [kind|id]',
  summary: 'Break something for a while: an edge, a service, an instance or a store',
  example: 'faultline fault add delay --target orders->payments --delay 2s --share 50 --lease 60s',
  options: {
    target: { type: 'string', help: 'a service, a->b, an instance, postgres or redis' },
    share: { type: 'string', help: 'per cent of what matches (default 100)' },
    lease: { type: 'string', help: 'when it ends by itself (default 60s)' },
    delay: { type: 'string', help: 'of delay and slow-close (default 2s)' },
    jitter: { type: 'string', help: 'added to a delay at random' },
    status: { type: 'string', help: 'of error (default 503)' },
    rate: { type: 'string', help: 'of bandwidth, in bytes a second (default 10000)' },
    after: { type: 'string', help: 'of truncate: bytes that come through (default 64)' },
    method: { type: 'string', help: 'only requests of that method' },
    path: { type: 'string', help: 'only paths that start so' },
    direction: { type: 'string', help: 'request or response' },
    all: { type: 'boolean', help: 'with clear: every fault' },
  },
  async run(invocation) {
    const [action = '', subject] = invocation.args;
    const run = actions[action];
    if (run === undefined) {
      throw new UsageError(`fault ${action}: expected add, list or clear`);
    }
    return run(invocation, subject);
  },
};

const actions: Readonly<
  Record<string, (invocation: Invocation, subject: string | undefined) => Promise<number>>
> = {
  async add(invocation, kind) {
    if (kind === undefined) throw new UsageError(`fault add: expected a kind: ${kinds}`);
    const target = textFlag(invocation, 'target');
    if (target === undefined) throw new UsageError('fault add: expected --target');
    const engine = await connectEngine(invocation.dataDir);
    const added = await engine.call('fault-add', { kind, target, ...optionsOf(invocation) });
    if (invocation.json) printJson(invocation, added);
    else invocation.terminal.out(`${describe(added)}\n`);
    return 0;
  },
  async list(invocation) {
    const engine = await connectEngine(invocation.dataDir);
    return show(invocation, await engine.call('fault-list', {}));
  },
  async clear(invocation, id) {
    const all = invocation.flags['all'] === true;
    if ((id === undefined) !== all) throw new UsageError('fault clear: expected an id or --all');
    const engine = await connectEngine(invocation.dataDir);
    return show(invocation, await clearFaults(engine, id));
  },
};

const kinds = 'delay, error, reset, blackhole, bandwidth, slow-close, truncate or kill';

function clearFaults(engine: ControlClient, id: string | undefined): Promise<FaultReport[]> {
  return engine.call('fault-clear', id === undefined ? {} : { id });
}

/** The flags as the fault's fields; what is no number is left to the engine to refuse. */
function optionsOf(invocation: Invocation): Record<string, string | number> {
  const texts = ['lease', 'delay', 'jitter', 'method', 'path', 'direction'];
  const numbers = ['share', 'status', 'rate', 'after'];
  return Object.fromEntries(
    [...texts, ...numbers].flatMap((name): [string, string | number][] => {
      const value = textFlag(invocation, name);
      if (value === undefined) return [];
      const isNumber = numbers.includes(name) && /^\d+(\.\d+)?$/.test(value);
      return [[name, isNumber ? Number(value) : value]];
    }),
  );
}

function show(invocation: Invocation, faults: readonly FaultReport[]): number {
  if (invocation.json) printJson(invocation, faults);
  else if (faults.length === 0) invocation.terminal.out('No faults.\n');
  else {
    const rows = faults.map((one) => [
      one.id,
      one.kind,
      one.target,
      `${one.share} %`,
      `${Math.ceil(one.remaining_ms / 1000)} s`,
    ]);
    const heading = ['ID', 'KIND', 'TARGET', 'SHARE', 'ENDS IN'];
    invocation.terminal.out(formatTable([heading, ...rows]));
  }
  return 0;
}

function describe({ id, kind, target, share, remaining_ms }: FaultReport): string {
  const ends = `ends by itself in ${Math.round(remaining_ms / 1000)} s`;
  return `${id}: ${kind} on ${target}, ${share} %, ${ends}`;
}
