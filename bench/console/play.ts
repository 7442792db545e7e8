import type { Clock } from '@faultline/chassis/clock';
import type { EdgeSample, SpanRecord } from '@faultline/origin/model';
import type { RecordedLine, Recording } from '@faultline/origin/recording';
import type { Watcher } from '@faultline/store/watch/watcher';
import { simulate } from '../eval/sim/simulate.ts';
import { toOtlp } from './otlp.ts';
import { withParents } from './parents.ts';

export type PlayOptions = {
  /** What goes wrong, one after the other. */
  readonly kinds: readonly string[];
  readonly rps: number;
  readonly watcher: Watcher;
  readonly otlpUrl: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const STEP_MS = 100;
const FIRST_SEED = 4_001;

/** Plays simulated runs in real time, as if they happened now, until the signal. */
export async function play(options: PlayOptions): Promise<void> {
  const { kinds, rps, signal } = options;
  for (let run = 0; !signal.aborted; run++) {
    const kind = kinds[run % kinds.length] ?? '';
    // The first has less of a start.
    const warmUpMs = run === 0 ? 15_000 : 25_000;
    const recording = simulate({
      kind,
      seed: FIRST_SEED + run,
      part: 'tuning',
      rps,
      warmUpMs,
      faultMs: 30_000,
    });
    await playOne({ ...recording, lines: withParents(recording.lines) }, options);
  }
}

async function playOne({ head, lines }: Recording, options: PlayOptions): Promise<void> {
  const { clock, signal, watcher, otlpUrl } = options;
  const shiftMs = clock.now() - head.startMs;
  let at = 0;
  while (at < lines.length && !signal.aborted) {
    const spans: SpanRecord[] = [];
    for (let line = lines[at]; line && line.atMs + shiftMs <= clock.now(); line = lines[++at]) {
      const now = shift(line, shiftMs);
      spans.push(...(now.spans ?? []));
      if (now.change) watcher.noteChange(now.change);
      watcher.take({
        ...(now.spans && { spans: now.spans }),
        ...(now.edges && { edges: now.edges }),
        ...(now.queues && { queues: now.queues }),
      });
    }
    if (spans.length > 0) await send(otlpUrl, spans);
    await clock.sleep(STEP_MS, signal);
  }
}

function shift(line: RecordedLine, byMs: number): RecordedLine {
  const { spans, edges, queues, change } = line;
  return {
    atMs: line.atMs + byMs,
    ...(spans && { spans: spans.map((span) => ({ ...span, startMs: span.startMs + byMs })) }),
    ...(edges && { edges: edges.map((edge): EdgeSample => ({ ...edge, atMs: edge.atMs + byMs })) }),
    ...(queues && { queues: queues.map((queue) => ({ ...queue, atMs: queue.atMs + byMs })) }),
    ...(change && { change: { ...change, atMs: change.atMs + byMs } }),
  };
}

async function send(otlpUrl: string, spans: readonly SpanRecord[]): Promise<void> {
  const reply = await fetch(`${otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(toOtlp(spans)),
  });
  if (!reply.ok) throw new Error(`send spans to ${otlpUrl}: it answered ${reply.status}`);
}
