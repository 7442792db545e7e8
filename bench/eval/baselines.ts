import type { Random } from '@faultline/mesh-core/random';
import type { Origin, SpanRecord } from '@faultline/origin/model';
import type { Recording } from '@faultline/origin/recording';

// What the analysis is measured against: guessing, and the rule that people follow in a trace view.

const SYSTEMS: Readonly<Record<string, string>> = { postgresql: 'postgres', redis: 'redis' };

/** Every service, store and provider that spans speak of, in an order that chance makes. */
export function guess({ lines }: Recording, random: Random): Origin[] {
  const names = new Map<string, Origin>();
  for (const span of lines.flatMap((line) => line.spans ?? [])) {
    const origin = originOf(span);
    names.set(`${origin.kind} ${origin.service}`, origin);
  }
  return [...names.values()]
    .map((origin) => ({ origin, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ origin }) => origin);
}

/** The one whose spans are most often the deepest with an error, of those that came in this time. */
export function deepestError(
  { lines }: Recording,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Origin[] {
  const spans = lines
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .flatMap((line) => line.spans ?? []);
  const failedBelow = new Set(
    spans.filter(({ isError }) => isError).map(({ parentSpanId }) => parentSpanId),
  );
  const votes = new Map<string, { origin: Origin; count: number }>();
  for (const span of spans) {
    if (!span.isError || failedBelow.has(span.spanId)) continue;
    const origin = originOf(span);
    const key = `${origin.kind} ${origin.service}`;
    const vote = votes.get(key) ?? { origin, count: 0 };
    vote.count++;
    votes.set(key, vote);
  }
  return [...votes.values()].toSorted((a, b) => b.count - a.count).map(({ origin }) => origin);
}

/** A call is held against whom it is to, anything else against who did it. */
function originOf({ kind, service, attributes }: SpanRecord): Origin {
  const system = attributes['db.system.name'];
  if (system !== undefined) {
    return { kind: 'store', service: SYSTEMS[String(system)] ?? String(system) };
  }
  const peer = attributes['server.address'];
  if (kind !== 'client' || peer === undefined) return { kind: 'service', service };
  const name = String(peer);
  return { kind: name === 'payment-provider' ? 'provider' : 'service', service: name };
}
