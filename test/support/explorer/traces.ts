/** A span of a made-up trace; times are milliseconds after the trace's start. */
export type MadeSpan = {
  readonly id: number;
  readonly parent?: number;
  readonly service: string;
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly at: readonly [startMs: number, endMs: number];
  readonly version?: string;
  readonly instance?: string;
  readonly failed?: boolean;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly event?: { readonly name: string; readonly attributes: Readonly<Record<string, string>> };
  readonly link?: number;
};

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** A made-up trace as the body of an OTLP request, in JSON. */
export function toOtlp(traceId: string, startMs: number, spans: readonly MadeSpan[]): object {
  const nanos = (ms: number) => `${Math.round((startMs + ms) * 1_000)}000`;
  return {
    resourceSpans: spans.map((span) => ({
      resource: {
        attributes: attributes({
          'service.name': span.service,
          'service.version': span.version ?? '1.0.0',
          'service.instance.id': span.instance ?? `${span.service}-1`,
        }),
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId,
              spanId: idOf(span.id),
              ...(span.parent !== undefined && { parentSpanId: idOf(span.parent) }),
              name: span.name,
              kind: kinds[span.kind ?? 'internal'],
              startTimeUnixNano: nanos(span.at[0]),
              endTimeUnixNano: nanos(span.at[1]),
              attributes: attributes(span.attributes ?? {}),
              links: span.link === undefined ? [] : [{ traceId, spanId: idOf(span.link) }],
              events: (span.event === undefined ? [] : [span.event]).map((event) => ({
                timeUnixNano: nanos(span.at[1]),
                name: event.name,
                attributes: attributes(event.attributes),
              })),
              status: span.failed === true ? { code: 2 } : {},
            },
          ],
        },
      ],
    })),
  };
}

export function traceIdOf(number: number): string {
  return `f${number.toString(16).padStart(31, '0')}`;
}

export function idOf(span: number): string {
  return span.toString(16).padStart(16, '0');
}

function attributes(values: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));
}

/** A call by way of both sidecars, as spans 1 to 6 after `first`. */
function call(
  first: number,
  way: { parent: number; from: string; to: string; path: string; at: [number, number] },
  end: { status: number; version?: string },
): MadeSpan[] {
  const { parent, from, to, path } = way;
  const failed = end.status >= 500;
  const [startMs, endMs] = way.at;
  const http = {
    'http.request.method': 'POST',
    'server.address': to,
    'url.full': `http://${to}${path}`,
    'http.response.status_code': end.status,
  };
  const within = (by: number): [number, number] => [startMs + by, endMs - by];
  const proxy = { service: 'linkerd-proxy', name: path, attributes: http };
  const [near, far] = [`${from}-1`, `${to}-1`];
  return [
    {
      id: first,
      parent,
      service: from,
      name: 'POST',
      kind: 'client',
      at: way.at,
      failed,
      attributes: http,
    },
    { ...proxy, instance: near, id: first + 1, parent: first, kind: 'server', at: within(1) },
    { ...proxy, instance: near, id: first + 2, parent: first + 1, kind: 'client', at: within(2) },
    { ...proxy, instance: far, id: first + 3, parent: first + 2, kind: 'server', at: within(3) },
    { ...proxy, instance: far, id: first + 4, parent: first + 3, kind: 'client', at: within(4) },
    {
      id: first + 5,
      parent: first + 4,
      service: to,
      name: `POST ${path}`,
      kind: 'server',
      at: within(5),
      failed,
      attributes: { 'http.response.status_code': end.status },
      ...(end.version !== undefined && { version: end.version }),
    },
  ];
}

/** An order, as the shop's traces look: sidecars between services, a mail sent from a queue. */
export function orderTrace({ failed = false, slowMs = 0 } = {}): MadeSpan[] {
  const status = failed ? 503 : 201;
  const endMs = 160 + slowMs;
  return [
    {
      id: 1,
      service: 'gateway',
      name: 'POST /api/v1/orders',
      kind: 'server',
      at: [0, endMs + 30],
      failed,
      attributes: { 'http.route': '/api/v1/orders', 'http.response.status_code': status },
    },
    ...call(
      10,
      { parent: 1, from: 'gateway', to: 'orders', path: '/orders', at: [5, endMs + 20] },
      { status },
    ),
    {
      id: 20,
      parent: 15,
      service: 'orders',
      name: 'pg.query:INSERT orders',
      kind: 'client',
      at: [15, 35],
    },
    ...call(
      30,
      { parent: 15, from: 'orders', to: 'payments', path: '/payments', at: [40, endMs] },
      { status, version: failed ? '1.1.0' : '1.0.0' },
    ),
    {
      id: 40,
      parent: 35,
      service: 'payments',
      name: 'pg.query:UPDATE payments',
      kind: 'client',
      at: [50, endMs - 20],
      failed,
      version: failed ? '1.1.0' : '1.0.0',
      ...(failed && {
        attributes: { 'error.type': 'deadlock' },
        event: { name: 'exception', attributes: { 'exception.type': 'deadlock_detected' } },
      }),
    },
    ...(failed ? [] : mail(endMs)),
  ];
}

function mail(endMs: number): MadeSpan[] {
  return [
    {
      id: 50,
      parent: 15,
      service: 'orders',
      name: 'publish orders.events',
      kind: 'producer',
      at: [endMs + 4, endMs + 6],
    },
    {
      id: 51,
      parent: 50,
      service: 'notifications',
      name: 'process orders.events',
      kind: 'consumer',
      at: [endMs + 60, endMs + 90],
      link: 50,
    },
    {
      id: 52,
      parent: 51,
      service: 'notifications',
      name: 'send mail',
      at: [endMs + 65, endMs + 85],
    },
  ];
}

const FAN_OUT = 8;

/** A trace of so many spans: pages that each ask for parts that each ask for more. */
export function longTrace(spans: number): MadeSpan[] {
  const services = ['gateway', 'catalog', 'images', 'inventory', 'profiles', 'storefront'];
  const made: MadeSpan[] = [
    { id: 1, service: 'gateway', name: 'export catalogue', kind: 'server', at: [0, 20_000] },
  ];
  for (let at = 1; at < spans; at++) {
    const parent = Math.floor((at - 1) / FAN_OUT) + 1;
    const [fromMs, toMs] = made[parent - 1]?.at ?? [0, 0];
    const slotMs = (toMs - fromMs) / FAN_OUT;
    const startMs = fromMs + ((at - 1) % FAN_OUT) * slotMs + slotMs * 0.05;
    made.push({
      id: at + 1,
      parent,
      service: services[at % services.length] ?? 'gateway',
      name: `part ${at}`,
      kind: 'client',
      at: [startMs, startMs + slotMs * 0.9],
      failed: at === spans - 7,
    });
  }
  return made;
}

const script = '<img src=x onerror="window.hacked=true">';

/** What must stay text: in names, values and addresses. */
export const hostileTrace: readonly MadeSpan[] = [
  {
    id: 1,
    service: script,
    name: `${script}</title>`,
    kind: 'server',
    at: [0, 20],
    failed: true,
    version: script,
    attributes: {
      [script]: script,
      'link.script': 'javascript:window.hacked=true',
      'link.data': 'data:text/html,<script>window.hacked=true</script>',
      'link.web': 'https://example.com/?q=<script>',
      'error.type': script,
    },
    event: { name: script, attributes: { [script]: '"><svg onload=window.hacked=true>' } },
  },
];
