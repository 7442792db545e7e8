/** A span of the proxy, as the exporter takes it. */
export type ProxySpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
};

/** Where spans go, and how they are numbered. */
export type Tracer = {
  /** Wall clock with fractions of milliseconds. */
  now(): number;
  /** 16 random hexadecimal digits. */
  spanId(): string;
  record(span: ProxySpan): void;
};
