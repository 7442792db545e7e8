import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Json } from './support/store.ts';
import { startTestStore } from './support/store.ts';

// OpenTelemetry's own SDK and exporter, as the shop's services use them.
const require = createRequire(new URL('../../telemetry/src/otel.ts', import.meta.url));
const sdk: typeof import('@opentelemetry/sdk-trace') = require('@opentelemetry/sdk-trace');
const otlp: typeof import('@opentelemetry/exporter-trace-otlp-proto') = require('@opentelemetry/exporter-trace-otlp-proto');
const resources: typeof import('@opentelemetry/resources') = require('@opentelemetry/resources');

describe("OpenTelemetry's exporter", () => {
  for (const compression of ['none', 'gzip']) {
    it(`is understood (compression: ${compression})`, async () => {
      await using store = await startTestStore();
      const exporter = new otlp.OTLPTraceExporter({
        url: `${store.otlpUrl}/v1/traces`,
        // The package's enumeration has these two values.
        compression: compression as never,
      });
      const provider = new sdk.TracerProvider({
        resource: resources.resourceFromAttributes({
          'service.name': 'orders',
          'service.version': '3',
        }),
        spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
      });
      const tracer = provider.getTracer('saga', '1.0');
      const span = tracer.startSpan('place order', {
        kind: 1,
        attributes: { text: 'é', int: -5, big: 2 ** 40, double: 1.5, flag: true, list: ['a', 'b'] },
      });
      span.addEvent('reserved', { units: 2 });
      span.recordException(new TypeError('no stock'));
      span.setStatus({ code: 2, message: 'no stock' });
      span.end();
      await provider.forceFlush();
      await provider.shutdown();

      const { traceId, spanId } = span.spanContext();
      const { body } = await store.get(`/api/v3/traces/${traceId}`);
      const [{ resource, scopeSpans }] = body.result.resourceSpans;
      expect(valueOf(resource, 'service.version')).to.deep.equal({ stringValue: '3' });
      expect(scopeSpans[0].scope).to.deep.equal({ name: 'saga', version: '1.0' });
      const [stored] = scopeSpans[0].spans;
      expect(stored).to.deep.include({ traceId, spanId, name: 'place order', kind: 2 });
      expect(stored.status).to.deep.equal({ code: 2, message: 'no stock' });
      expect(valueOf(stored, 'text')).to.deep.equal({ stringValue: 'é' });
      expect(valueOf(stored, 'int')).to.deep.equal({ intValue: '-5' });
      expect(valueOf(stored, 'big')).to.deep.equal({ intValue: String(2 ** 40) });
      expect(valueOf(stored, 'double')).to.deep.equal({ doubleValue: 1.5 });
      expect(valueOf(stored, 'flag')).to.deep.equal({ boolValue: true });
      expect(valueOf(stored, 'list')).to.deep.equal({
        arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] },
      });
      expect(stored.events.map(({ name }: Json) => name)).to.deep.equal(['reserved', 'exception']);
    });
  }
});

function valueOf({ attributes }: Json, key: string): Json {
  return attributes.find((attribute: Json) => attribute.key === key)?.value;
}
