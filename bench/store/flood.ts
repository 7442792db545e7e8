import { SpanScan } from '../../observability/store/src/wire/span-scan.ts';
import { walkRequest } from '../../observability/store/src/otlp/request.ts';
import { batches, seeded } from './traffic.ts';

const TRACES_PER_REQUEST = 50;
const ROUNDS_AT_HAND = 40;
const NS_PER_MS = 1_000_000n;

/** Offsets of what differs from one sending to the next. */
type Places = { readonly traceIds: readonly number[]; readonly times: readonly number[] };
type Template = { readonly body: Buffer; readonly spans: number; readonly places: Places };

/**
 * An endless supply of requests, made beforehand: each is given traces and times of its own when it
 * is sent, so that whoever sends them needs little processor time beside the store.
 */
export class Flood {
  readonly #templates: Template[];
  readonly #madeMs = Date.now();
  #next = 0;

  constructor(seed: number) {
    const random = seeded(seed);
    this.#templates = Array.from({ length: ROUNDS_AT_HAND }, (_, round) =>
      batches({
        first: round * TRACES_PER_REQUEST,
        traces: TRACES_PER_REQUEST,
        startMs: this.#madeMs - TRACES_PER_REQUEST * 5,
        random,
      }),
    )
      .flat()
      .map(({ body, spans }) => ({ body, spans, places: placesIn(body) }));
  }

  /** The next request, of the time `nowMs`; it is good until as many more have been asked for as there are. */
  next(nowMs: number): { body: Buffer; spans: number } {
    const round = Math.floor(this.#next / this.#templates.length);
    const template = this.#templates[this.#next++ % this.#templates.length];
    if (!template) throw new Error('a flood needs templates');
    const { body, spans, places } = template;
    for (const at of places.traceIds) body.writeUInt32BE(round, at);
    this.#moveTimes(template, nowMs);
    return { body, spans };
  }

  readonly #movedMs = new Map<Template, number>();

  #moveTimes(template: Template, nowMs: number): void {
    const shiftMs = nowMs - (this.#movedMs.get(template) ?? this.#madeMs);
    this.#movedMs.set(template, nowMs);
    const shiftNs = BigInt(Math.round(shiftMs)) * NS_PER_MS;
    const { body, places } = template;
    for (const at of places.times) body.writeBigUInt64LE(body.readBigUInt64LE(at) + shiftNs, at);
  }
}

function placesIn(body: Buffer): Places {
  const traceIds: number[] = [];
  const times: number[] = [];
  const scan = new SpanScan();
  walkRequest(body, {
    group: () => undefined,
    refused: (reason) => {
      throw reason;
    },
    span: (bytes, start, end) => {
      scan.scan(bytes, start, end);
      traceIds.push(scan.traceId);
      times.push(scan.startTime, scan.endTime);
    },
  });
  return { traceIds, times };
}
