import type { Baselines } from './baselines.ts';
import type { Component, Finding, FindingStep, Where } from './finding.ts';
import type { Place, SpanRecord } from './model.ts';
import { databaseOf, endOf, isCut, isFailed, pathOf, peerOf, statusOf } from './reading.ts';
import type { Settings } from './settings.ts';
import { type Passage, passagesOf } from './passages.ts';
import type { TraceState } from './traces.ts';

const SKEW_MS = 30;

export type WalkContext = {
  readonly baselines: Baselines;
  readonly settings: Settings;
  readonly nowMs: number;
  /** Whether anything of that name ever sent a server span. */
  readonly isTraced: (service: string) => boolean;
};

type Node = {
  readonly span: SpanRecord;
  parent: Node | undefined;
  readonly children: Node[];
  /** Of a call: what sidecars told of its way. */
  readonly passage: Passage | undefined;
  readonly failed: boolean;
  readonly slow: boolean;
};

/**
 * Walks a trace down to where it went wrong first: each failed or slow span that none of its children
 * explains. `waitUntilMs` is when to look again because a server's span may still be on its way.
 */
export function walk(
  trace: TraceState,
  context: WalkContext,
): { findings: Finding[]; waitUntilMs: number } {
  const nodes = connect(trace, context);
  const findings: Finding[] = [];
  let waitUntilMs = Infinity;
  for (const node of nodes) {
    if (!(node.failed || node.slow) || explained(node, context.baselines)) continue;
    const located = locate(node, context);
    if (located === 'wait') {
      waitUntilMs = Math.min(waitUntilMs, endOf(node.span) + context.settings.graceMs);
    } else if (located) findings.push(toFinding(node, located, context.baselines));
  }
  return { findings, waitUntilMs };
}

function connect(trace: TraceState, { baselines }: WalkContext): Node[] {
  const byId = new Map<string, Node>();
  const passages = passagesOf(trace.passes);
  for (const span of trace.spans) {
    const failed = isFailed(span) && !isStillborn(span, baselines);
    byId.set(span.spanId, {
      span,
      parent: undefined,
      children: [],
      passage: passages.get(span.spanId),
      failed,
      slow: baselines.isSlow(span),
    });
  }
  const nodes = [...byId.values()];
  const clients = nodes.filter(({ span }) => span.kind === 'client' && peerOf(span) !== undefined);
  for (const node of nodes) {
    const parent = byId.get(throughProxies(trace, node.span.parentSpanId)) ?? adopt(node, clients);
    if (!parent || parent === node || isBelow(parent, node)) continue;
    node.parent = parent;
    parent.children.push(node);
  }
  return nodes;
}

/** A call that was given up as soon as it was made, because nobody waited for its caller any more. */
function isStillborn(span: SpanRecord, baselines: Baselines): boolean {
  if (span.kind !== 'client' || databaseOf(span) !== undefined) return false;
  return statusOf(span) === undefined && span.durationMs < baselines.median(span) * 0.5;
}

function throughProxies({ passes }: TraceState, id: string | undefined): string {
  let parent = id ?? '';
  for (let hops = 0; hops < 8; hops++) parent = passes.get(parent)?.parentSpanId ?? parent;
  return parent;
}

/** Spans may name each other as parents: a tree it must be all the same. */
function isBelow(node: Node, above: Node): boolean {
  for (let at: Node | undefined = node; at; at = at.parent) if (at === above) return true;
  return false;
}

/**
 * The call a server span belongs to when the sidecars' spans between them have not come: to that
 * service, for that path, under way when it began.
 */
function adopt(node: Node, clients: readonly Node[]): Node | undefined {
  const { span } = node;
  if (span.kind !== 'server' || span.parentSpanId === undefined) return undefined;
  const path = pathOf(span);
  let best: Node | undefined;
  for (const client of clients) {
    const call = client.span;
    if (peerOf(call) !== span.service || call.service === span.service) continue;
    if (path !== undefined && pathOf(call) !== path) continue;
    if (span.startMs < call.startMs - SKEW_MS || span.startMs > endOf(call) + SKEW_MS) continue;
    if (!best || call.startMs > best.span.startMs) best = client;
  }
  return best;
}

function explained(node: Node, baselines: Baselines): boolean {
  const { span } = node;
  const bad = node.children.filter((child) => {
    if (child.span.kind === 'producer' || child.span.kind === 'consumer') return false;
    return child.failed || child.slow || isCutShort(child);
  });
  if (bad.length === 0) return false;
  if (node.failed) {
    return bad.some((child) => child.failed || isCut(child.span) || isLong(child, node));
  }
  const excessMs = baselines.excess(span);
  const ofChildren = bad.reduce((sum, child) => sum + childExcess(child, node, baselines), 0);
  return ofChildren >= excessMs * 0.4;
}

/** A server whose caller left while it waited for somebody else: that one is to be looked at. */
function isCutShort({ span, children }: Node): boolean {
  return (
    span.kind === 'server' && isCut(span) && children.some(({ failed, slow }) => failed || slow)
  );
}

/** Whether the child lasted for most of its parent's time. */
function isLong(child: Node, parent: Node): boolean {
  return child.span.durationMs >= parent.span.durationMs * 0.5;
}

function childExcess(child: Node, parent: Node, baselines: Baselines): number {
  const within = Math.min(endOf(child.span), endOf(parent.span) + SKEW_MS) - child.span.startMs;
  return Math.max(0, Math.min(baselines.excess(child.span), within));
}

type Location = {
  readonly component: Component;
  readonly where: Where;
  readonly caller?: Place;
  readonly callee?: Place;
};

function locate(node: Node, context: WalkContext): Location | 'wait' | undefined {
  const { span } = node;
  if (span.kind !== 'client') return locateServed(node);
  const caller = placeOf(span);
  const database = databaseOf(span);
  if (database !== undefined) {
    const name = context.settings.storeNames[database] ?? database;
    return { component: { kind: 'store', name }, where: 'leaf', caller };
  }
  const peer = peerOf(span);
  if (peer === undefined) return undefined;
  if (!context.isTraced(peer)) {
    return { component: { kind: 'provider', name: peer }, where: 'leaf', caller };
  }
  return locateCall(node, peer, context);
}

/** What a service did by itself. */
function locateServed(node: Node): Location | undefined {
  const { span } = node;
  // Whoever was cut off by its caller has done nothing wrong by being cut off.
  if (span.kind === 'server' && !node.failed && isCut(span) && !node.slow) return undefined;
  const component: Component = { kind: 'service', name: span.service };
  const caller = callerOf(node);
  return { component, where: 'own', callee: placeOf(span), ...(caller && { caller }) };
}

/** A call of another service: that one's doing, or that of the way to it. */
function locateCall(node: Node, peer: string, context: WalkContext): Location | 'wait' {
  const { span } = node;
  const caller = placeOf(span);
  const component: Component = { kind: 'service', name: peer };
  const [server] = node.children.filter((child) => child.span.kind === 'server').slice(-1);
  if (server) {
    // It did not get to answer: that is its own doing, not that of the way there.
    const where = isCut(server.span) || wentWrongInside(node) ? 'own' : 'between';
    return { component, where, caller, callee: placeOf(server.span) };
  }
  const inside = wentWrongInside(node);
  // A sidecar that has answered by itself says all there is to say; else the app may have to tell.
  const isToldOf = node.passage?.refused === true || (inside && node.passage?.asked === false);
  if (!isToldOf && context.nowMs < endOf(span) + context.settings.graceMs) return 'wait';
  if (!inside) return { component, where: 'unreached', caller };
  return { component, where: 'own', caller, callee: { service: peer, ...node.passage?.callee } };
}

/** Whether the callee's own sidecar saw what the caller met. */
function wentWrongInside({ passage, failed, span }: Node): boolean {
  if (!passage?.callee) return false;
  return failed ? (passage.status ?? 0) >= 500 : passage.insideMs >= span.durationMs * 0.5;
}

function callerOf(node: Node): Place | undefined {
  for (let at = node.parent; at; at = at.parent) {
    if (at.span.service !== node.span.service) return placeOf(at.span);
  }
  return undefined;
}

function placeOf({ service, version, instance }: SpanRecord): Place {
  return {
    service,
    ...(version !== undefined && { version }),
    ...(instance !== undefined && { instance }),
  };
}

function toFinding(node: Node, location: Location, baselines: Baselines): Finding {
  const { span } = node;
  const { path, root, behindQueue } = climb(node);
  const isRoot = root.span.parentSpanId === undefined && root.span.kind === 'server';
  const noReply = statusOf(span) === undefined && databaseOf(span) === undefined;
  return {
    traceId: span.traceId,
    atMs: endOf(span),
    startedMs: span.startMs,
    ...location,
    isOnTheWay: location.where === 'between' && node.passage?.callee !== undefined,
    symptom: node.failed ? (noReply && location.where !== 'own' ? 'silence' : 'errors') : 'latency',
    excessMs: baselines.excess(span),
    gaveUp: node.failed && statusOf(span) === undefined && !baselines.isInTime(span),
    path,
    ...(isRoot && { journey: root.span.name }),
    journeyHit: isRoot && !behindQueue && (root.failed || root.slow),
    behindQueue,
  };
}

/** From where it went wrong up to the edge: each service once, with how its own part ended. */
function climb(node: Node): { path: FindingStep[]; root: Node; behindQueue: boolean } {
  const path: FindingStep[] = [];
  let root = node;
  let behindQueue = false;
  for (let at: Node | undefined = node; at; at = at.parent) {
    root = at;
    const { kind, service } = at.span;
    behindQueue ||= kind === 'producer';
    if (kind === 'client' || behindQueue) continue;
    const outcome = at.failed ? 'failed' : at.slow ? 'slow' : 'fine';
    if (path.at(-1)?.service === service) path.pop();
    path.push({ service, atMs: endOf(at.span), outcome });
  }
  return { path, root, behindQueue };
}
