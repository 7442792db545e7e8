import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../../tools/config.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources } from './support/resources.ts';

/*
 * The documented fields of the OpenTelemetry Collector, its contrib processors, and Jaeger v2, as far
 * as they are used here. Nothing here has been read by the programs themselves.
 */
const address = z.string().regex(/^[\w.-]+:\d+$/);
const listen = z.strictObject({ endpoint: address });
const duration = z.string().regex(/^\d+(ms|s|m)$/);
const names = z.array(z.string()).min(1);

const otlp = z.strictObject({ protocols: z.strictObject({ grpc: listen, http: listen }) });
const telemetry = z.strictObject({
  resource: z.record(z.string(), z.string()).optional(),
  metrics: z.strictObject({
    level: z.enum(['none', 'basic', 'normal', 'detailed']),
    readers: z.array(
      z.strictObject({
        pull: z.strictObject({
          exporter: z.strictObject({
            prometheus: z.strictObject({ host: z.string(), port: z.int() }),
          }),
        }),
      }),
    ),
  }),
});
const service = z.strictObject({
  extensions: names,
  pipelines: z.record(
    z.string(),
    z.strictObject({ receivers: names, processors: names, exporters: names }),
  ),
  telemetry,
});

const policy = z.discriminatedUnion('type', [
  z.strictObject({
    name: z.string(),
    type: z.literal('status_code'),
    status_code: z.strictObject({ status_codes: z.array(z.enum(['OK', 'ERROR', 'UNSET'])) }),
  }),
  z.strictObject({
    name: z.string(),
    type: z.literal('latency'),
    latency: z.strictObject({ threshold_ms: z.int().min(1) }),
  }),
  z.strictObject({
    name: z.string(),
    type: z.literal('probabilistic'),
    probabilistic: z.strictObject({ sampling_percentage: z.number().min(0).max(100) }),
  }),
]);

const delivery = {
  sending_queue: z.strictObject({ queue_size: z.int().min(1) }),
  retry_on_failure: z.strictObject({ max_elapsed_time: duration }),
};

const collector = z.strictObject({
  receivers: z.strictObject({ otlp }),
  processors: z.strictObject({
    memory_limiter: z.strictObject({
      check_interval: duration,
      limit_percentage: z.int().min(1).max(100),
      spike_limit_percentage: z.int().min(1).max(100),
    }),
    tail_sampling: z.strictObject({
      decision_wait: duration,
      num_traces: z.int().min(1),
      expected_new_traces_per_sec: z.int().min(0),
      policies: z.array(policy).min(1),
    }),
    batch: z.strictObject({
      timeout: duration,
      send_batch_size: z.int().min(1),
      send_batch_max_size: z.int().min(1),
    }),
  }),
  exporters: z.strictObject({
    'otlphttp/origin': z.strictObject({ endpoint: z.url(), ...delivery }),
    'otlp/jaeger': z.strictObject({
      endpoint: address,
      tls: z.strictObject({ insecure: z.boolean() }),
      ...delivery,
    }),
  }),
  extensions: z.strictObject({ health_check: listen }),
  service,
});

const jaeger = z.strictObject({
  service,
  extensions: z.strictObject({
    jaeger_storage: z.strictObject({
      backends: z.record(
        z.string(),
        z.strictObject({ memory: z.strictObject({ max_traces: z.int().min(1) }) }),
      ),
    }),
    jaeger_query: z.strictObject({
      storage: z.strictObject({ traces: z.string() }),
      http: listen,
      grpc: listen,
    }),
    healthcheckv2: z.strictObject({ use_v2: z.literal(true), http: listen }),
  }),
  receivers: z.strictObject({ otlp }),
  processors: z.strictObject({ batch: z.strictObject({}) }),
  exporters: z.strictObject({
    jaeger_storage_exporter: z.strictObject({ trace_storage: z.string() }),
  }),
});

type Config = Pick<z.output<typeof collector>, 'service'> & {
  receivers: object;
  processors: object;
  exporters: object;
  extensions: object;
};

function read(file: string): unknown {
  return parse(readFileSync(join(root, 'observability', file), 'utf8'));
}

/** What a pipeline names and nobody declares, and what is declared and in no pipeline. */
function loose({ service: { pipelines, extensions }, ...parts }: Config): string[] {
  const used = { extensions, receivers: [''], processors: [''], exporters: [''] };
  for (const pipeline of Object.values(pipelines)) {
    used.receivers.push(...pipeline.receivers);
    used.processors.push(...pipeline.processors);
    used.exporters.push(...pipeline.exporters);
  }
  return (['extensions', 'receivers', 'processors', 'exporters'] as const).flatMap((part) => {
    const named = new Set(used[part].filter((name) => name !== ''));
    return [...named.symmetricDifference(new Set(Object.keys(parts[part])))];
  });
}

describe('the collector', () => {
  const config = collector.parse(read('collector/config.yaml'));

  it('has only documented fields, and uses what it declares', () => {
    expect(loose(config)).to.deep.equal([]);
    expect(loose({ ...config, processors: {} })).to.include('batch');
  });

  it('refuses first, batches last, and samples only what people read', () => {
    const { 'traces/all': all, 'traces/chosen': chosen } = config.service.pipelines;
    for (const pipeline of [all, chosen]) {
      expect(pipeline?.processors[0]).to.equal('memory_limiter');
      expect(pipeline?.processors.at(-1)).to.equal('batch');
    }
    expect(all).to.deep.include({ exporters: ['otlphttp/origin'] });
    expect(all?.processors).not.to.include('tail_sampling');
    expect(chosen?.processors).to.include('tail_sampling');
  });

  it('keeps errors and slow traces', () => {
    const types = config.processors.tail_sampling.policies.map(({ type }) => type);
    expect(types).to.deep.equal(['status_code', 'latency', 'probabilistic']);
  });

  it('sends to Services that are there, and is sent to by the shop', () => {
    const all = readResources(renderEnvironment('dev')).resources;
    const ports = all.Service.filter(
      ({ metadata }) => metadata.namespace === 'observability',
    ).flatMap(({ metadata, spec }) => spec.ports.map(({ port }) => `${metadata.name}:${port}`));
    expect(ports).to.include.members([
      'trace-store:4318',
      config.exporters['otlp/jaeger'].endpoint,
    ]);
    expect(config.exporters['otlphttp/origin'].endpoint).to.equal('http://trace-store:4318');
    const settings = all.ConfigMap.find(({ metadata }) => metadata.name === 'shop-settings');
    const endpoint = settings?.data['OTEL_EXPORTER_OTLP_ENDPOINT'];
    expect(endpoint).to.equal('http://collector.observability:4318');
    expect(ports).to.include('collector:4318');
  });
});

describe('Jaeger', () => {
  const config = jaeger.parse(read('jaeger/config.yaml'));

  it('has only documented fields, and uses what it declares', () => {
    expect(loose(config)).to.deep.equal([]);
    const { backends } = config.extensions.jaeger_storage;
    const { storage } = config.extensions.jaeger_query;
    expect(Object.keys(backends)).to.deep.equal([storage.traces]);
    expect(config.exporters.jaeger_storage_exporter.trace_storage).to.equal(storage.traces);
  });

  it('refuses a field that is not documented', () => {
    expect(() => jaeger.parse({ ...config, storage: {} })).to.throw(/storage/);
    expect(() => collector.parse({ ...config, exporters: { jaeger: {} } })).to.throw(/jaeger/);
  });
});
