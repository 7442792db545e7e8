import type { Resource } from '@opentelemetry/resources';
import type { TelemetryConfig } from './config.ts';
import { ExportPipeline, type ExportPipelineOptions } from './export-pipeline.ts';
import { setActivePipeline } from './flush.ts';
import { api, requireOtel } from './otel.ts';

const contextHooks: typeof import('@opentelemetry/context-async-hooks') = requireOtel(
  '@opentelemetry/context-async-hooks',
);
const core: typeof import('@opentelemetry/core') = requireOtel('@opentelemetry/core');
const resources: typeof import('@opentelemetry/resources') = requireOtel(
  '@opentelemetry/resources',
);
const sdk: typeof import('@opentelemetry/sdk-trace') = requireOtel('@opentelemetry/sdk-trace');

/**
 * Makes traces work in this process: ids exist and travel always, spans leave it only when there is
 * somewhere to send them. `createExporter` replaces OTLP/HTTP.
 */
export function startTracing(
  config: TelemetryConfig & Pick<ExportPipelineOptions, 'createExporter'>,
): void {
  const { tracesUrl } = config;
  const pipeline =
    tracesUrl === undefined ? undefined : new ExportPipeline({ ...config, tracesUrl });
  setActivePipeline(pipeline);
  api.context.setGlobalContextManager(new contextHooks.AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(
    new core.CompositePropagator({
      propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()],
    }),
  );
  api.trace.setGlobalTracerProvider(
    new sdk.TracerProvider({
      resource: resource(config),
      sampler: new sdk.ParentBasedSampler({ root: new sdk.AlwaysOnSampler() }),
      spanLimits: { attributeValueLengthLimit: 1024, eventCountLimit: 32, linkCountLimit: 32 },
      spanProcessors: pipeline === undefined ? [] : [pipeline],
    }),
  );
}

/**
 * OTEL_RESOURCE_ATTRIBUTES may add, not replace: the last merged wins, and which instance this is
 * is ours to say.
 */
function resource(config: TelemetryConfig): Resource {
  return resources
    .defaultResource()
    .merge(resources.detectResources({ detectors: [resources.envDetector] }))
    .merge(
      resources.resourceFromAttributes({
        'service.name': config.serviceName,
        'service.version': config.serviceVersion,
        'service.instance.id': config.serviceInstanceId,
        'service.namespace': config.serviceNamespace,
      }),
    );
}
