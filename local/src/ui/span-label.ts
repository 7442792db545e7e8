/** A span as Jaeger's query API tells it, as far as it is drawn. Times are microseconds. */
export type JaegerSpan = {
  spanID: string;
  operationName: string;
  processID: string;
  startTime: number;
  duration: number;
  references: readonly { refType: string; spanID: string }[];
  tags: readonly { key: string; value: unknown }[];
};

const STORES: Readonly<Record<string, string>> = { postgresql: 'postgres' };
const FAILED_STATUS = 400;

/** What a span is, and to whom: `orders → catalog  POST /internal/v1/quotes 200`. */
export function labelOf(service: string, span: JaegerSpan): string {
  const store = storeOf(span);
  if (store !== undefined) return `${service} → ${store}  ${statementOf(span)}`;
  const stream = tagOf(span, 'messaging.destination.name');
  if (stream !== undefined) return queueLabel(service, span, stream);
  const peer = tagOf(span, 'server.address');
  const status = tagOf(span, 'http.response.status_code');
  if (tagOf(span, 'span.kind') === 'client' && peer !== undefined) {
    return `${service} → ${peer}  ${[span.operationName, pathOf(span), status].join(' ').trimEnd()}`;
  }
  const failed = Number(status) >= FAILED_STATUS ? ` ${status}` : '';
  return `${service} ${span.operationName}${failed}`;
}

/** The store whose client this is, by its name; undefined for anything else. */
export function storeOf(span: JaegerSpan): string | undefined {
  const system = tagOf(span, 'db.system.name') ?? tagOf(span, 'db.system');
  return system === undefined ? undefined : (STORES[system] ?? system);
}

/** What the store was asked: `INSERT`, `xadd`. */
export function statementOf({ operationName }: JaegerSpan): string {
  return /^pg\.query:(\w+)/.exec(operationName)?.[1] ?? operationName;
}

/** A tag's value as text. */
export function tagOf({ tags }: JaegerSpan, wanted: string): string | undefined {
  const value = tags.find(({ key }) => key === wanted)?.value;
  return value === undefined ? undefined : String(value);
}

export function isFailed(span: JaegerSpan): boolean {
  return tagOf(span, 'error') === 'true';
}

export function isConsumer(span: JaegerSpan): boolean {
  return tagOf(span, 'span.kind') === 'consumer';
}

function queueLabel(service: string, span: JaegerSpan, stream: string): string {
  const what = tagOf(span, 'messaging.message.event_type') ?? span.operationName;
  return isConsumer(span) ? `${stream} ⇢ ${service}  ${what}` : `${service} ⇢ ${stream}  ${what}`;
}

/** Long ids are shortened to what tells them apart. */
function pathOf(span: JaegerSpan): string {
  const [, path = ''] = /^\w+:\/\/[^/]*(\/[^?#]*)/.exec(tagOf(span, 'url.full') ?? '') ?? [];
  return path.replaceAll(/([0-9a-f]{8})-[0-9a-f-]{27}/g, '$1…');
}
