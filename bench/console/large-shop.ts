import type { Frame, FrameEdge, FrameNode } from '@faultline/store/watch/frame';
import type { Pulse } from '@faultline/store/watch/pulses';

/** A made system under load, as the store tells of it. The same arguments, the same system. */
export type LargeShop = {
  frame(atMs: number): Frame;
  /** Calls that ended within `overMs`. */
  pulses(atMs: number, overMs: number): Pulse[];
  incident(atMs: number): object;
};

const words =
  'gateway storefront admin mobile partners search catalog basket checkout orders payments pricing tax vouchers inventory warehouse shipping returns profiles sessions addresses reviews ratings images thumbnails recommendations notifications mail sms webhooks invoices ledger fraud loyalty reports audit exports imports geodata currency'.split(
    ' ',
  );
const queues = ['orders.events', 'images.jobs', 'mail.jobs'];
const CALLS_EACH = 3;
/** Of what the broken service is asked. */
const BROKEN_SHARE = 0.4;

/** `services` of them, each asked `rps` times a second; from `brokenAtMs` on one of them fails. */
export function largeShop(options: {
  services: number;
  rps: number;
  brokenAtMs?: number;
}): LargeShop {
  const { services, rps, brokenAtMs = Infinity } = options;
  const names = Array.from(
    { length: services },
    (_, at) => words[at] ?? `service-${String(at).padStart(2, '0')}`,
  );
  const broken = names[Math.floor(services / 3)] ?? '';
  const calls = callsOf(names);
  const callers = new Set(calls.filter(({ to }) => to === broken).map(({ from }) => from));
  const shareAt = (name: string, atMs: number) => {
    if (atMs < brokenAtMs) return 0;
    return name === broken ? BROKEN_SHARE : callers.has(name) ? BROKEN_SHARE / 2 : 0;
  };
  return {
    frame(atMs) {
      const rate = (key: string) => rps * wave(key, atMs);
      const nodeOf = (name: string): FrameNode => ({
        name,
        kind: 'service',
        state: 'healthy',
        requestsPerSecond: rate(name),
        errorShare: shareAt(name, atMs),
        versions: [{ version: '1.0.0', share: 1, instances: 3 }],
        instances: 3,
        ready: 3,
        busy: 0.3 * wave(name, atMs),
      });
      return {
        atMs,
        nodes: [...names.map(nodeOf), ...bystanders(atMs, rps)],
        edges: calls.map((call): FrameEdge => {
          const requestsPerSecond = rate(`${call.from} ${call.to}`) / CALLS_EACH;
          return {
            ...call,
            requestsPerSecond,
            errorShare: call.kind === 'http' ? shareAt(call.to, atMs) : 0,
            p50Ms: 3 * wave(call.from, atMs),
            p95Ms: 12 * wave(call.to, atMs),
            retriesPerSecond: call.to === broken ? requestsPerSecond * shareAt(broken, atMs) : 0,
            openBreakers: 0,
            mtls: true,
          };
        }),
      };
    },
    pulses(atMs, overMs) {
      const count = Math.round((rps / CALLS_EACH) * (overMs / 1_000));
      return calls.map(({ from, to, kind }) => ({
        from,
        to,
        count,
        failed: kind === 'http' ? Math.round(count * shareAt(to, atMs)) : 0,
      }));
    },
    incident: (atMs) => incidentOf({ broken, callers: [...callers], brokenAtMs, atMs, rps }),
  };
}

type Call = Pick<FrameEdge, 'from' | 'to' | 'kind'>;

/** Each calls some later ones, so that there are layers; all have a store, some a stream. */
function callsOf(names: readonly string[]): Call[] {
  return names.flatMap((from, at): Call[] => {
    const callees = [2 * at + 1, 2 * at + 2, at + 5].flatMap((to) => names[to] ?? []);
    const queue = queues[at % queues.length] ?? '';
    return [
      ...callees.map((to): Call => ({ from, to, kind: 'http' })),
      { from, to: at % 3 === 0 ? 'redis' : 'postgres', kind: 'tcp' },
      ...(at % 7 === 6 ? [{ from, to: queue, kind: 'async' } as const] : []),
      ...(at % 7 === 3 ? [{ from: queue, to: from, kind: 'async' } as const] : []),
    ];
  });
}

function bystanders(atMs: number, rps: number): FrameNode[] {
  const node = (name: string, more: Pick<FrameNode, 'kind' | 'requestsPerSecond'>): FrameNode => ({
    name,
    state: 'healthy',
    errorShare: 0,
    versions: [],
    instances: 1,
    ready: 1,
    ...more,
  });
  return [
    ...['postgres', 'redis'].map((name) => {
      return node(name, { kind: 'store', requestsPerSecond: 9 * rps * wave(name, atMs) });
    }),
    ...queues.map((name) => ({
      ...node(name, { kind: 'queue', requestsPerSecond: rps }),
      waiting: Math.round(5 * wave(name, atMs)),
    })),
  ];
}

/** Between 0.8 and 1.2, another for each key and moment. */
function wave(key: string, atMs: number): number {
  let phase = 0;
  for (let at = 0; at < key.length; at++) phase += key.charCodeAt(at) * (at + 1);
  return 1 + 0.2 * Math.sin(atMs / 700 + phase);
}

function incidentOf(known: {
  broken: string;
  callers: readonly string[];
  brokenAtMs: number;
  atMs: number;
  rps: number;
}): object {
  const { broken, callers, brokenAtMs, atMs, rps } = known;
  const time = (ms: number) => new Date(ms).toISOString();
  const failed = Math.round((rps * BROKEN_SHARE * (atMs - brokenAtMs)) / 1_000);
  return {
    id: `incident-${broken}`,
    state: 'open',
    origin: { kind: 'service', service: broken },
    symptom: 'errors',
    sentence: `${broken} fails for ${failed} calls since ${time(brokenAtMs).slice(11, 19)}; ${callers.join(' and ')} followed.`,
    onset: time(brokenAtMs),
    named_at: time(brokenAtMs + 800),
    updated_at: time(atMs),
    resolved_at: null,
    confidence: 0.97,
    candidates: [],
    propagation: [
      { service: broken, at: time(brokenAtMs), effect: 'broke' },
      ...callers.map((service, at) => {
        return { service, at: time(brokenAtMs + 600 * (at + 1)), effect: 'failed' };
      }),
    ],
    victims: callers.map((service, at) => {
      return { service, at: time(brokenAtMs + 600 * (at + 1)), requests: rps, failed, slow: 0 };
    }),
    absorbed: [],
    journeys: [{ name: 'GET /', requests: rps, hit: Math.round(rps * 0.2) }],
    share_hit: 0.2,
    amplification: [],
    suspected_change: null,
    traces: Array.from({ length: 6 }, (_, at) => String(at).repeat(32)),
  };
}
