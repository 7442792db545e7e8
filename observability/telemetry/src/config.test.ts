import { expect } from 'chai';
import { readTelemetryConfig } from './config.ts';

describe('readTelemetryConfig', () => {
  it('exports nothing, yet names the process, when no variable is set', () => {
    const config = readTelemetryConfig({});
    expect(config).to.include({
      disabled: false,
      tracesUrl: undefined,
      serviceName: 'unknown_service',
      serviceInstanceId: `unknown_service-${process.pid}`,
      batchDelayMs: 500,
    });
  });

  it('takes identity from the variables a pod has', () => {
    const config = readTelemetryConfig({
      SERVICE_NAME: 'orders',
      SERVICE_VERSION: '1.4.0',
      POD_NAME: 'orders-7c9f-1',
      POD_NAMESPACE: 'shop',
    });
    expect(config).to.include({
      serviceName: 'orders',
      serviceVersion: '1.4.0',
      serviceInstanceId: 'orders-7c9f-1',
      serviceNamespace: 'shop',
    });
  });

  for (const [endpoint, tracesUrl] of [
    ['http://localhost:4318', 'http://localhost:4318/v1/traces'],
    ['http://localhost:4318/', 'http://localhost:4318/v1/traces'],
    ['https://collector/otlp/', 'https://collector/otlp/v1/traces'],
  ] as const) {
    it(`sends traces below the endpoint ${endpoint}`, () => {
      const config = readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect(config.tracesUrl).to.equal(tracesUrl);
    });
  }

  it('uses the endpoint for traces as it stands, before the common one', () => {
    const config = readTelemetryConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://common:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4318/in',
    });
    expect(config.tracesUrl).to.equal('http://traces:4318/in');
  });

  it('takes an empty variable as unset', () => {
    const config = readTelemetryConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: '', SERVICE_NAME: ' ' });
    expect(config).to.include({ tracesUrl: undefined, serviceName: 'unknown_service' });
  });

  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'localhost:4318'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ftp://host/'],
    ['OTEL_BSP_SCHEDULE_DELAY', 'soon'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '0'],
  ] as const) {
    it(`refuses ${name}=${value} by name`, () => {
      expect(() => readTelemetryConfig({ [name]: value })).to.throw(`${name}: read "${value}"`);
    });
  }
});
