import { systemClock } from '@faultline/chassis/clock';
import { parseGoDuration } from '@faultline/mesh-core/duration';
import type { Engine, EngineOptions } from '../engine-types.ts';
import { formatLinks } from '../ui/links.ts';
import { Progress } from '../ui/progress.ts';
import { printJson, textFlag, UsageError, type Command, type Invocation } from './command.ts';

const intervalMsMin = 200;

export const up: Command = {
  name: 'up',
  args: '',
  summary: 'Start the whole system and keep it running until Ctrl-C',
  example: 'faultline up --ports auto --data-dir /tmp/second --set orders-config.LOG_LEVEL=debug',
  options: {
    detach: { type: 'boolean', help: 'return once it is ready; faultline down stops it' },
    ports: { type: 'string', help: "'auto' takes free ports instead of the usual ones" },
    host: { type: 'string', help: 'the address public ports listen on (default 127.0.0.1)' },
    bare: { type: 'boolean', help: 'without Prometheus and the trace store' },
    'rollout-interval': {
      type: 'string',
      help: 'between two looks at a new version, such as 500ms (default: as its Canary says)',
    },
    flagger: {
      type: 'boolean',
      help: 'roll out exactly as Flagger does: at its pace, and silence is a failure',
    },
    'skip-check': {
      type: 'string',
      multiple: true,
      help: 'a metric that no rollout is judged by, such as client-success-rate',
    },
    autoscale: { type: 'boolean', help: 'follow the manifests’ autoscalers from the start' },
    set: {
      type: 'string',
      multiple: true,
      help: 'CONFIGMAP.KEY=VALUE changes a setting; may be repeated',
    },
  },
  async run(invocation) {
    const ports = textFlag(invocation, 'ports');
    if (ports !== undefined && ports !== 'auto') {
      throw new UsageError(`--ports: expected 'auto', not '${ports}'`);
    }
    if (invocation.flags['detach'] !== true) return runHere(invocation);
    const { startDetached } = await import('./detach.ts');
    return startDetached(invocation);
  },
};

async function runHere(invocation: Invocation): Promise<number> {
  const { terminal, json } = invocation;
  const progress = new Progress({
    terminal,
    clock: systemClock,
    write: json ? terminal.err : terminal.out,
  });
  const stopping = onStopSignals(invocation);
  const host = textFlag(invocation, 'host');
  const settings = [invocation.flags['set'] ?? []].flat();
  try {
    // No other command needs it, and it takes longer to load than they take to run.
    const { startEngine } = await import('../engine.ts');
    const engine = await startEngine({
      root: invocation.root,
      dataDir: invocation.dataDir,
      env: invocation.env,
      ports: textFlag(invocation, 'ports') === 'auto' ? 'auto' : 'fixed',
      observed: invocation.flags['bare'] !== true,
      autoscale: invocation.flags['autoscale'] === true,
      rollouts: toRollouts(invocation),
      set: settings.filter((setting) => typeof setting === 'string'),
      ...(host !== undefined && { host }),
      signal: stopping.signal,
      onEvent: (event) => progress.show(event),
      onStopRequest: () => stopping.request(),
    });
    progress.settle();
    announce(engine, { invocation, seconds: progress.elapsedMs() / 1000 });
    await stopping.requested;
    await engine.stop();
  } catch (error) {
    // Given up by the person who started it: everything has been stopped by now.
    if (!stopping.signal.aborted) throw error;
  } finally {
    stopping.release();
  }
  return 0;
}

function toRollouts(invocation: Invocation): NonNullable<EngineOptions['rollouts']> {
  const text = textFlag(invocation, 'rollout-interval');
  const strict = invocation.flags['flagger'] === true;
  const skipped = [invocation.flags['skip-check'] ?? []].flat();
  const unjudged = skipped.filter((name) => typeof name === 'string');
  if (text === undefined) return { strict, unjudged };
  const intervalMs = parseGoDuration(text);
  const isLongEnough = intervalMs !== undefined && intervalMs >= intervalMsMin;
  if (isLongEnough) return { strict, unjudged, intervalMs };
  throw new UsageError(`--rollout-interval: expected 200ms or more, not '${text}'`);
}

function announce(
  engine: Engine,
  { invocation, seconds }: { invocation: Invocation; seconds: number },
): void {
  const { terminal, json } = invocation;
  const { links, notes, dataDir } = engine;
  if (json) return printJson(invocation, { links, notes, data_dir: dataDir, pid: process.pid });
  const lines = [
    '',
    terminal.paint('bold', `Ready in ${seconds.toFixed(1)} s`),
    ...formatLinks(links, terminal.paint),
    ...notes,
    terminal.paint('dim', 'Ctrl-C stops everything.'),
  ];
  terminal.out(`${lines.join('\n')}\n`);
}

type Stopping = {
  signal: AbortSignal;
  requested: Promise<void>;
  request(): void;
  release(): void;
};

/** Signals this close together are one wish. */
const echoMs = 500;

/** The first Ctrl-C (or SIGTERM, SIGHUP) stops orderly, a second one at once. */
function onStopSignals({ terminal }: Invocation): Stopping {
  const controller = new AbortController();
  const requested = Promise.withResolvers<void>();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const request = () => {
    controller.abort();
    requested.resolve();
  };
  let firstAt: number | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    const now = systemClock.monotonic();
    // npm passes on the Ctrl-C that the terminal has sent here already: that is no second one.
    if (firstAt !== undefined && now - firstAt < echoMs) return;
    if (firstAt === undefined) {
      firstAt = now;
      terminal.err('Draining and stopping. Ctrl-C again stops at once.\n');
      request();
      return;
    }
    // Ends this process, and what then still runs is ended as after a crash.
    for (const signal of signals) process.off(signal, onSignal);
    process.kill(process.pid, name);
  };
  for (const signal of signals) process.on(signal, onSignal);
  // Set when another Node.js version started this process and was killed.
  process.on('disconnect', request);
  return {
    signal: controller.signal,
    requested: requested.promise,
    request,
    release() {
      for (const signal of signals) process.off(signal, onSignal);
      process.off('disconnect', request);
      if (process.connected) process.disconnect();
    },
  };
}
