import type { Place, SpanRecord } from './model.ts';
import { directionOf, statusOf } from './reading.ts';

/** What a sidecar told of one request that passed it. */
export type Pass = {
  readonly parentSpanId: string;
  /** `server` is the whole stay in the sidecar, `client` the call it made; only replies are told of. */
  readonly kind: SpanRecord['kind'];
  readonly direction: 'inbound' | 'outbound' | undefined;
  readonly instance: string | undefined;
  readonly version: string | undefined;
  readonly status: number | undefined;
  readonly startMs: number;
  readonly durationMs: number;
};

/** By the id of the sidecar's span. */
export type Passes = ReadonlyMap<string, Pass>;

/** How a call went on its way, as the sidecars of both ends told; what is not told is absent. */
export type Passage = {
  /** Who took it in, last of all attempts. */
  readonly callee?: Omit<Place, 'service'>;
  /** What that one's sidecar answered, and how long the call was in it. */
  readonly status?: number;
  readonly insideMs: number;
  /** Whether that sidecar had an answer of its app. */
  readonly asked: boolean;
  /** The caller's sidecar answered although nobody had answered it. */
  readonly refused: boolean;
};

type Draft = { entry?: Pass & { id: string }; stay?: Pass; wasAnswered: boolean };

const HOPS_MAX = 6;

/** A sidecar's span as a pass; undefined for one that belongs to nothing. */
export function passOf(span: SpanRecord): Pass | undefined {
  const { parentSpanId, kind, instance, version, startMs, durationMs } = span;
  if (parentSpanId === undefined) return undefined;
  return {
    parentSpanId,
    kind,
    direction: directionOf(span),
    instance,
    version,
    status: statusOf(span),
    startMs,
    durationMs,
  };
}

/** By the id of the caller's span. */
export function passagesOf(passes: Passes): ReadonlyMap<string, Passage> {
  const drafts = new Map<string, Draft>();
  const asked = new Set<string>();
  for (const [id, pass] of passes) {
    if (pass.direction === 'inbound' && pass.kind === 'client') asked.add(pass.parentSpanId);
    else take(drafts, { id, pass, passes });
  }
  return new Map(
    [...drafts].map(([id, { entry, stay, wasAnswered }]) => [
      id,
      {
        ...(entry && { callee: placeOf(entry) }),
        ...(entry?.status !== undefined && { status: entry.status }),
        insideMs: entry?.durationMs ?? 0,
        asked: entry !== undefined && asked.has(entry.id),
        refused: stay !== undefined && !wasAnswered && entry === undefined,
      },
    ]),
  );
}

function take(
  drafts: Map<string, Draft>,
  { id, pass, passes }: { id: string; pass: Pass; passes: Passes },
): void {
  const call = callerOf(pass, passes);
  const draft = drafts.get(call) ?? { wasAnswered: false };
  drafts.set(call, draft);
  if (pass.direction === 'inbound') {
    if (!draft.entry || pass.startMs >= draft.entry.startMs) draft.entry = { ...pass, id };
  } else if (pass.kind === 'server') draft.stay = pass;
  else draft.wasAnswered = true;
}

/** The span of an app above all sidecars. */
function callerOf({ parentSpanId }: Pass, passes: Passes): string {
  let at = parentSpanId;
  for (let hops = 0; hops < HOPS_MAX; hops++) {
    const above = passes.get(at);
    if (!above) break;
    at = above.parentSpanId;
  }
  return at;
}

function placeOf({ instance, version }: Pass): Omit<Place, 'service'> {
  return { ...(instance !== undefined && { instance }), ...(version !== undefined && { version }) };
}
