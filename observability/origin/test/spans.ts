import type { SpanRecord } from '../src/model.ts';

type Options = Partial<Omit<SpanRecord, 'attributes' | 'kind'>> & {
  readonly status?: number;
  readonly attributes?: SpanRecord['attributes'];
};

let made = 0;

/** An id nothing else has. */
function spanId(): string {
  made++;
  return made.toString(16).padStart(16, '0');
}

/** A server span of `service`; 200 unless said otherwise. */
export function server(service: string, options: Options = {}): SpanRecord {
  const { status = 200, name = 'GET /things', ...rest } = options;
  return span({
    service,
    kind: 'server',
    name,
    isError: status >= 500,
    ...rest,
    attributes: {
      'http.response.status_code': status,
      'url.path': `/${name.split('/').slice(1).join('/')}`,
      ...options.attributes,
    },
  });
}

/** A call from `service` to `peer`; `status` 0 is no reply at all. */
export function call(service: string, peer: string, options: Options = {}): SpanRecord {
  const { status = 200, ...rest } = options;
  return span({
    service,
    kind: 'client',
    name: 'GET',
    isError: status === 0 || status >= 400,
    ...rest,
    attributes: {
      'server.address': peer,
      'url.full': `http://${peer}/things`,
      ...(status > 0 && { 'http.response.status_code': status }),
      ...options.attributes,
    },
  });
}

/** A query of `service`. */
export function query(service: string, options: Options & { isError?: boolean } = {}): SpanRecord {
  return span({
    service,
    kind: 'client',
    name: `pg.query:SELECT ${service}`,
    isError: false,
    ...options,
    attributes: { 'db.system.name': 'postgresql', ...options.attributes },
  });
}

/** Any span; a root of a trace of its own, one millisecond long, unless said otherwise. */
export function span(
  given: Partial<SpanRecord> & Pick<SpanRecord, 'service' | 'kind' | 'name'>,
): SpanRecord {
  const id = spanId();
  return {
    traceId: given.traceId ?? id.padStart(32, '0'),
    spanId: id,
    version: '1.0.0',
    instance: `${given.service}-1`,
    startMs: 0,
    durationMs: 1,
    isError: false,
    attributes: {},
    links: [],
    ...given,
  };
}

/** `child` as a part of what `parent` stands for. */
export function below(parent: SpanRecord, child: SpanRecord): SpanRecord {
  return { ...child, traceId: parent.traceId, parentSpanId: parent.spanId };
}
