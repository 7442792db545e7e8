/** A call that did not succeed: what the server says, in words for people. */
export class CallError extends Error {
  override name = 'CallError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Values = Readonly<Record<string, string | number | undefined>>;

/** Reads JSON from the store's public API, such as `/api/incidents`, or Jaeger's. */
export async function getJson<T>(path: string, options: GetOptions = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  const { signal } = options;
  const reply = await fetch(text === '' ? path : `${path}?${text}`, {
    headers: { accept: 'application/json' },
    ...(signal && { signal }),
  });
  return read<T>(reply);
}

export type GetOptions = { query?: Values; signal?: AbortSignal };

/** Asks the engine that runs the system; see `engine.ts` for what can be asked. */
export async function postEngine<T>(call: string, input: object): Promise<T> {
  const reply = await fetch(`/engine/${call}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-faultline-token': token() },
    body: JSON.stringify(input),
  });
  return read<T>(reply);
}

/** A PromQL query's answer: Prometheus' `data`. */
export async function getPrometheus<T>(path: string, options: GetOptions = {}): Promise<T> {
  const reply = await getJson<{ data: T }>(`/prometheus/api/v1/${path}`, options);
  return reply.data;
}

async function read<T>(reply: Response): Promise<T> {
  const body: unknown = await reply.json().catch(() => undefined);
  if (!reply.ok) throw new CallError(reply.status, reasonIn(body) ?? `answered ${reply.status}`);
  // Served by the same release, so it has the shape that the caller names.
  return body as T;
}

/** The engine and Prometheus say `error`, problem details `detail`, Jaeger `errors` or an `error`. */
function reasonIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const errors: unknown = Reflect.get(body, 'errors');
  const first: unknown = Array.isArray(errors) ? Reflect.get(Object(errors[0]), 'msg') : undefined;
  const error: unknown = Reflect.get(body, 'error');
  const nested: unknown = Reflect.get(Object(error), 'message');
  return [error, nested, Reflect.get(body, 'detail'), first].find(
    (text): text is string => typeof text === 'string',
  );
}

/** Whether there is an `engine`, or `prometheus`, to ask; the page is told when it is made. */
export function hasPart(part: 'engine' | 'prometheus'): boolean {
  return metaOf('faultline-parts').split(' ').includes(part);
}

function token(): string {
  return metaOf('faultline-token');
}

function metaOf(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? '';
}
