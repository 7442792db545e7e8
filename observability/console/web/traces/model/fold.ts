import { isSidecar, type Span } from './span.ts';

export type Folded = {
  /** What the services themselves say, as if they called each other directly. */
  readonly spans: readonly Span[];
  /** The sidecars' spans by the id of the service's span that they are part of, by start. */
  readonly sidecars: ReadonlyMap<string, readonly Span[]>;
};

/**
 * Takes the sidecars' spans out of a trace, and hangs what is below them where they hung. A sidecar's
 * span that is below no service's stays: nothing else tells of it.
 */
export function foldSidecars(spans: readonly Span[]): Folded {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const sidecars = new Map<string, Span[]>();
  const kept: Span[] = [];
  for (const span of spans) {
    const owner = ownerOf(span, byId);
    if (owner === undefined) kept.push(span);
    else if (!isSidecar(span)) kept.push({ ...span, parentId: owner.id });
    else sidecars.set(owner.id, [...(sidecars.get(owner.id) ?? []), span]);
  }
  for (const list of sidecars.values()) list.sort((a, b) => a.startUs - b.startUs);
  return { spans: kept, sidecars };
}

/** The nearest span above that a service sent, if only sidecars' are between; else undefined. */
function ownerOf(span: Span, byId: ReadonlyMap<string, Span>): Span | undefined {
  let at = byId.get(span.parentId);
  if (at === undefined || (!isSidecar(at) && !isSidecar(span))) return undefined;
  // As many steps as there are spans: parents may be circular.
  for (let steps = 0; at !== undefined && steps <= byId.size; steps++) {
    if (!isSidecar(at)) return at;
    at = byId.get(at.parentId);
  }
  return undefined;
}

/** What the sidecars did for a call, in a few words; '' when there is nothing to say. */
export function describeSidecars(sidecars: readonly Span[]): string {
  const calls = sidecars.filter(({ kind }) => kind === 'client');
  const byPlace = new Map<string, number>();
  for (const { process } of calls) {
    byPlace.set(process.instance, (byPlace.get(process.instance) ?? 0) + 1);
  }
  // The caller's sidecar comes first; each of its calls is one try.
  const tries = byPlace.get(calls[0]?.process.instance ?? '') ?? 0;
  if (sidecars.length === 0) return '';
  if (calls.length === 0) return 'answered by the sidecar';
  return tries > 1 ? `${tries} tries` : '';
}
