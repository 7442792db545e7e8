import { BodyBudget, BodyError, readBody } from '../http/body.ts';
import type { Exchange } from '../http/router.ts';
import { JsonError } from '../otlp/json-fields.ts';
import { encodeJsonRequest } from '../otlp/json-request.ts';
import { JSON_BYTES_MAX } from '../otlp/receiver.ts';
import { walkRequest } from '../otlp/request.ts';
import { Interner, readResource, readScope, type Encoded } from '../storage/interner.ts';
import { SpanScan } from '../wire/span-scan.ts';
import { readSpan } from '../wire/span.ts';
import { adjust } from './adjust.ts';
import type { ShownSpan } from './stored-trace.ts';
import { sendV1Error, streamV1, type V1Error } from './v1-envelope.ts';
import { v1Trace } from './v1-model.ts';

/** `POST /api/transform`: OTLP/JSON in, Jaeger's first model out; nothing is stored. */
export function transformHandler() {
  const budget = new BodyBudget(2 * JSON_BYTES_MAX);
  return async (exchange: Exchange): Promise<void> => {
    try {
      const json = await readBody(exchange.req, { maxBytes: JSON_BYTES_MAX, budget });
      const { traces, errors } = transform(json.toString());
      const items = [...traces].map(([id, spans]) => v1Trace(id, adjust(spans)));
      await streamV1(exchange, items, { total: 0, errors });
    } catch (error) {
      exchange.req.resume();
      if (error instanceof BodyError) sendV1Error(exchange, error.status, error.message);
      else if (error instanceof JsonError) sendV1Error(exchange, 400, error.message);
      else throw error;
    }
  };
}

function transform(json: string): { traces: Map<string, ShownSpan[]>; errors: V1Error[] } {
  const { body, refused } = encodeJsonRequest(json);
  const errors: V1Error[] = refused.map((msg) => ({ code: 400, msg }));
  const traces = new Map<string, ShownSpan[]>();
  walkRequest(body, new Reader(traces, errors));
  return { traces, errors };
}

class Reader {
  readonly #traces: Map<string, ShownSpan[]>;
  readonly #errors: V1Error[];
  readonly #resources = new Interner(readResource);
  readonly #scopes = new Interner(readScope);
  readonly #scan = new SpanScan();
  #whose: Pick<ShownSpan, 'resource' | 'resourceAttributes' | 'scope'> | undefined;

  constructor(traces: Map<string, ShownSpan[]>, errors: V1Error[]) {
    this.#traces = traces;
    this.#errors = errors;
  }

  group(encodedResource: Encoded, encodedScope: Encoded): void {
    const resource = this.#resources.intern(encodedResource);
    const scope = this.#scopes.intern(encodedScope);
    this.#whose = { resource, resourceAttributes: resource.attributes, scope };
  }

  span(bytes: Buffer, start: number, end: number): void {
    if (!this.#whose) return;
    this.#scan.scan(bytes, start, end);
    const span = { ...readSpan(this.#scan), ...this.#whose, warnings: [] };
    const spans = this.#traces.get(span.traceId) ?? [];
    this.#traces.set(span.traceId, spans);
    spans.push(span);
  }

  refused({ message }: Error): void {
    this.#errors.push({ code: 400, msg: message });
  }
}
