import { OriginAnalyzer } from '../src/analyzer.ts';
import type {
  ChangeEvent,
  EdgeSample,
  Incident,
  IncidentUpdate,
  SpanRecord,
} from '../src/model.ts';
import { sample } from './samples.ts';
import { below, call, query, server } from './spans.ts';

/** How one call of a second goes. */
export type Fate = {
  /** Of the reply; 0 is none. */
  readonly status?: number;
  readonly extraMs?: number;
  /** Which instance served it. */
  readonly instance?: string;
  readonly version?: string;
};

type Deed = { readonly catalog?: Fate; readonly orders?: Fate; readonly database?: Fate };

/**
 * A small shop that does what a test says: each second, so many requests for products (gateway →
 * catalog → postgres) and for orders (gateway → orders), told as the real one tells them.
 */
export class Scene {
  readonly analyzer: OriginAnalyzer;
  readonly updates: IncidentUpdate[] = [];
  nowMs = 1_700_000_000_000;
  #untold: EdgeSample[] = [];

  constructor() {
    this.analyzer = new OriginAnalyzer({ clock: { now: () => this.nowMs } });
  }

  /** Half a minute in which all is well. */
  warmUp(): this {
    for (let second = 0; second < 40; second++) this.second();
    return this;
  }

  /**
   * One second of traffic: each of `deeds` is a request for a product and one for an order. Unless
   * `isCounted`, sidecars tell of it a second later.
   */
  second(
    deeds: readonly Deed[] = Array.from({ length: 8 }, () => ({})),
    { isCounted = true } = {},
  ): this {
    const stepMs = 900 / Math.max(1, deeds.length);
    const spans = deeds.flatMap((deed, index) => this.#requests(deed, index * stepMs));
    this.nowMs += 1_000;
    this.analyzer.onSpans(spans);
    const counted = [...this.#untold, ...this.#samples(deeds)];
    this.#untold = isCounted ? [] : counted;
    if (isCounted) this.analyzer.onEdges(counted);
    return this.tick();
  }

  tick(): this {
    this.updates.push(...this.analyzer.tick());
    return this;
  }

  change(event: Partial<ChangeEvent> & Pick<ChangeEvent, 'kind' | 'service'>): this {
    this.analyzer.onChange({ atMs: this.nowMs, detail: '', ...event });
    return this;
  }

  get current(): Incident | undefined {
    return this.analyzer.current();
  }

  #requests({ catalog = {}, orders = {}, database = {} }: Deed, afterMs: number): SpanRecord[] {
    return [
      ...this.#request('catalog', { fate: catalog, database, afterMs }),
      ...this.#request('orders', { fate: orders, database: {}, afterMs }),
    ];
  }

  #request(service: string, of: { fate: Fate; database: Fate; afterMs: number }): SpanRecord[] {
    const { fate, database, afterMs } = of;
    const startMs = this.nowMs + afterMs;
    const isDown = database.status !== undefined;
    const status = isDown ? 503 : (fate.status ?? 200);
    const tookMs = (fate.extraMs ?? 0) + (database.extraMs ?? 0);
    const name = `GET /${service}`;
    const reply = status === 0 ? 504 : status;
    const root = server('gateway', { name, status: reply, startMs, durationMs: 12 + tookMs });
    const out = below(root, call('gateway', service, { status, startMs, durationMs: 10 + tookMs }));
    const at = { url: `http://${service}/${service}` };
    const placed = { ...out, attributes: { ...out.attributes, 'url.full': at.url } };
    if (status === 0) return [placed, root];
    const instance = fate.instance ?? `${service}-1`;
    const where = { instance, version: fate.version ?? '1.0.0' };
    const inner = below(
      placed,
      server(service, { name, status, startMs, durationMs: 8 + tookMs, ...where }),
    );
    if (service !== 'catalog') return [inner, placed, root];
    const asked = below(
      inner,
      query(service, {
        startMs,
        durationMs: 3 + (database.extraMs ?? 0),
        isError: isDown,
        ...where,
      }),
    );
    return [asked, inner, placed, root];
  }

  #samples(deeds: readonly Deed[]): EdgeSample[] {
    const at = { atMs: this.nowMs };
    const edge = sample('client', 'gateway', {
      ...at,
      view: 'inbound',
      instance: 'gateway-1',
      responses: deeds.length * 2,
    });
    return [edge, ...this.#edge('catalog', deeds), ...this.#edge('orders', deeds)];
  }

  #edge(service: 'catalog' | 'orders', deeds: readonly Deed[]): EdgeSample[] {
    const groups = Map.groupBy(deeds, (deed) => deed[service]?.instance ?? `${service}-1`);
    return [...groups].flatMap(([instance, own]) => {
      const version = own[0]?.[service]?.version ?? '1.0.0';
      const status = own.filter((deed) => isFailed(deed, service)).length;
      const timeout = own.filter((deed) => deed[service]?.status === 0).length;
      const failures = { ...(status > 0 && { status }), ...(timeout > 0 && { timeout }) };
      const slow = own.filter((deed) => (deed[service]?.extraMs ?? 0) > 0).length;
      const tookMs = 8 + (slow * 2 > own.length ? (own[0]?.[service]?.extraMs ?? 0) : 0);
      const of = { atMs: this.nowMs, responses: own.length, failures, tookMs, version, instance };
      return [
        sample('gateway', service, { ...of, view: 'endpoint' }),
        sample('gateway', service, { ...of, view: 'inbound' }),
      ];
    });
  }
}

function isFailed(deed: Deed, service: 'catalog' | 'orders'): boolean {
  const isDown = service === 'catalog' && deed.database?.status !== undefined;
  return isDown || (deed[service]?.status ?? 200) >= 500;
}

/** `count` times the same. */
export function times<T>(count: number, deed: T): T[] {
  return Array.from({ length: count }, () => deed);
}
