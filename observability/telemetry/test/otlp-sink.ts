import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

const OTLP = `
syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Scope { string name = 1; string version = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13;
  Status status = 15;
}
message Event { string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; Any value = 2; }
message Any {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  }
}
`;

type Value = string | number | boolean | undefined;
type Attributes = Record<string, Value>;
type Kind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span as the wire carried it, ids in hex. */
export type SunkSpan = {
  readonly name: string;
  readonly kind: Kind;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly status: { readonly code: number; readonly message: string };
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
};

export type Behaviour = 'well' | 'silent' | 'away';

/** A collector that keeps what it is sent. */
export type OtlpSink = AsyncDisposable & {
  readonly url: string;
  readonly spans: readonly SunkSpan[];
  /** Every body received, undecoded: where a planted canary would show whatever the schema. */
  readonly bodies: readonly Buffer[];
  /** How many bodies were taken and never answered. */
  readonly unanswered: number;
  /** From now on it answers, takes everything without a word, or cannot be reached. */
  behave(how: Behaviour): Promise<void>;
  /** The first span that passes, now or within ten seconds; `what` names it in the error. */
  waitFor(what: string, passes: (span: SunkSpan) => boolean): Promise<SunkSpan>;
};

type WireValue = {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: number | string;
  doubleValue?: number;
};
type WireAttributes = { key: string; value?: WireValue }[];
type WireSpan = {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  attributes: WireAttributes;
  status?: { code: number; message: string };
  events: { name: string; attributes: WireAttributes }[];
  links: { traceId: string; spanId: string }[];
};
type WireRequest = {
  resourceSpans: {
    resource: { attributes: WireAttributes };
    scopeSpans: { scope: { name: string }; spans: WireSpan[] }[];
  }[];
};

const KINDS: readonly Kind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Listens on a free loopback port. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const schema = protobuf.parse(OTLP).root.lookupType('Request');
  const spans: SunkSpan[] = [];
  const bodies: Buffer[] = [];
  const arrivals = new EventEmitter().setMaxListeners(0);
  let behaviour: Behaviour = 'well';
  let unanswered = 0;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (behaviour === 'silent') {
        unanswered += 1;
        return;
      }
      bodies.push(body);
      const isJson = request.headers['content-type'] === 'application/json';
      spans.push(...(isJson ? decodeJson(body) : decode(schema, body)));
      arrivals.emit('spans');
      response.writeHead(200).end();
    });
  });
  const listen = (port: number) =>
    new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const close = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  // A TCP listener's address is never a string or null.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    get unanswered() {
      return unanswered;
    },
    async behave(how) {
      behaviour = how;
      if (server.listening) await close();
      if (how !== 'away') await listen(port);
    },
    async waitFor(what, passes) {
      const signal = AbortSignal.timeout(10_000);
      for (;;) {
        const found = spans.find(passes);
        if (found !== undefined) return found;
        await once(arrivals, 'spans', { signal }).catch((cause: unknown) => {
          throw new Error(`waited 10 s for ${what}`, { cause });
        });
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

function decode(schema: protobuf.Type, body: Buffer): SunkSpan[] {
  // toObject fills every field the schema above declares, so the shape is the schema's.
  const request = schema.toObject(schema.decode(body), {
    bytes: String,
    longs: Number,
    arrays: true,
    defaults: false,
  }) as WireRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: KINDS[span.kind] ?? 'internal',
        scope: scope.name,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        attributes: attributes(span.attributes),
        resource: attributes(resource.attributes),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
        events: span.events.map((event) => ({
          name: event.name,
          attributes: attributes(event.attributes),
        })),
        links: span.links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
      })),
    ),
  );
}

/** OTLP's JSON: ids are hexadecimal there, and whole numbers are text. */
function decodeJson(body: Buffer): SunkSpan[] {
  // A sidecar wrote it: a proxy's spans have no events, links and status.
  const request = JSON.parse(body.toString()) as WireRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        name: span.name,
        kind: KINDS[span.kind] ?? 'internal',
        scope: scope.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId,
        attributes: attributes(span.attributes),
        resource: attributes(resource.attributes),
        status: { code: 0, message: '' },
        events: [],
        links: [],
      })),
    ),
  );
}

function attributes(wire: WireAttributes): Attributes {
  return Object.fromEntries(
    wire.map(({ key, value }) => [
      key,
      value?.stringValue ?? numberOf(value?.intValue) ?? value?.doubleValue ?? value?.boolValue,
    ]),
  );
}

function numberOf(value: number | string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function hex(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('hex');
}
