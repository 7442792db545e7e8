import type { Span } from '@opentelemetry/api';
import { ExportPipeline } from '@faultline/telemetry/export-pipeline';
import { api, requireOtel } from '@faultline/telemetry/otel';

const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');
const resources: typeof import('@opentelemetry/resources') = requireOtel(
  '@opentelemetry/resources',
);

/** As services have it where nothing else is said. */
const BATCH_DELAY_MS = 500;
const QUEUE_SPANS_MAX = 4_096;

/** A service whose calls are told of as every service's are: batched, and sent as OTLP. */
export class Caller implements AsyncDisposable {
  readonly #pipeline: ExportPipeline;
  readonly #begin: (peer: string, status: number) => Span;

  constructor(service: string, otlpUrl: string) {
    this.#pipeline = new ExportPipeline({
      tracesUrl: `${otlpUrl}/v1/traces`,
      batchDelayMs: BATCH_DELAY_MS,
      queueSpansMax: QUEUE_SPANS_MAX,
    });
    const provider = new sdk.TracerProvider({
      resource: resources.resourceFromAttributes({
        'service.name': service,
        'service.instance.id': `${service}-1`,
      }),
      spanProcessors: [this.#pipeline],
    });
    const tracer = provider.getTracer('bench');
    this.#begin = (peer, status) =>
      tracer.startSpan('GET', {
        kind: api.SpanKind.CLIENT,
        root: true,
        attributes: {
          'http.request.method': 'GET',
          'http.response.status_code': status,
          'server.address': peer,
          'url.full': `http://${peer}/`,
        },
      });
  }

  /** A call to `peer` that ends now. */
  call(peer: string, { status = 200 }: { status?: number } = {}): void {
    const span = this.#begin(peer, status);
    if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pipeline.shutdown();
  }
}
