import type { SpanRecord } from '@faultline/origin/model';
import { databaseOf, isFailed, peerOf, PROXY_SERVICE } from '@faultline/origin/reading';

const HOPS_MAX = 500;
const storeNames: Readonly<Record<string, string>> = { postgresql: 'postgres' };

/** Calls, or messages, from one to another that ended since the last look. */
export type Pulse = { from: string; to: string; count: number; failed: number };

export type Hop = Pulse & { readonly isAsync: boolean };

/** Who calls those that people call. */
export const PEOPLE = 'people';

/**
 * Counts calls between services, stores and streams as their spans come in: sooner than any metric
 * tells of them.
 */
export class Pulses {
  readonly #edgeService: string;
  #hops = new Map<string, Hop>();

  constructor(edgeService: string) {
    this.#edgeService = edgeService;
  }

  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const hop = this.#hopOf(span);
      if (!hop) continue;
      const key = `${hop.from} ${hop.to}`;
      let counted = this.#hops.get(key);
      if (!counted) {
        if (this.#hops.size >= HOPS_MAX) continue;
        counted = { ...hop, count: 0, failed: 0 };
        this.#hops.set(key, counted);
      }
      counted.count++;
      if (isFailed(span)) counted.failed++;
    }
  }

  /** All that was counted since the last call. */
  take(): Hop[] {
    const taken = [...this.#hops.values()];
    this.#hops = new Map();
    return taken;
  }

  #hopOf(span: SpanRecord): Pick<Hop, 'from' | 'to' | 'isAsync'> | undefined {
    const { kind, service } = span;
    if (service === PROXY_SERVICE) return undefined;
    if (kind === 'producer') return { from: service, to: streamOf(span), isAsync: true };
    if (kind === 'consumer') return { from: streamOf(span), to: service, isAsync: true };
    if (kind === 'server' && service === this.#edgeService) {
      return { from: PEOPLE, to: service, isAsync: false };
    }
    if (kind !== 'client') return undefined;
    const database = databaseOf(span);
    const to = database === undefined ? peerOf(span) : (storeNames[database] ?? database);
    return to === undefined ? undefined : { from: service, to, isAsync: false };
  }
}

/** Semantic conventions name these spans by what is done and to what: `publish orders.events`. */
function streamOf({ name }: SpanRecord): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}
