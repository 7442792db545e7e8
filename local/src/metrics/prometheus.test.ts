import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { paceOf } from '../../../observability/prometheus/pace.ts';
import { eventually } from '../../test/eventually.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { choosePrometheus, missingPrometheus } from './find.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { TargetsFile } from './targets-file.ts';
import { toTargets, type ScrapedPod } from './targets.ts';

const pace = paceOf(500);

/** Serves metrics whose counters grow by ten with every scrape. */
async function serveMetrics(series: readonly string[]) {
  let scrapes = 0;
  const server = createServer((_, res) => {
    scrapes += 1;
    res.setHeader('Content-Type', 'text/plain; version=0.0.4');
    res.end(series.map((one) => `${one} ${scrapes * 10}\n`).join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

type Result = { metric: Record<string, string>; value: [number, string] };

async function ask<T>({ url }: Prometheus, path: string): Promise<T> {
  const reply = await fetch(`${url}/api/v1/${path}`);
  const { data, error } = await reply.json();
  expect(error).to.equal(undefined);
  return data;
}

async function query(server: Prometheus, promql: string): Promise<Result[]> {
  const { result } = await ask<{ result: Result[] }>(
    server,
    `query?query=${encodeURIComponent(promql)}`,
  );
  return result;
}

async function found(server: Prometheus, promql: string): Promise<Result> {
  return eventually(promql, async () => (await query(server, promql))[0], { withinMs: 30_000 });
}

const sidecarSeries = [
  'request_total{direction="inbound",srv_name="gateway-http",tls="true"}',
  'response_total{direction="inbound",srv_name="gateway-http",classification="success"}',
  'outbound_http_route_request_statuses_total{parent_name="orders",http_status="200",error=""}',
  'outbound_http_route_backend_requests_total{parent_name="orders"}',
];
const checkout = 'method="POST",route="/checkout",status="503"';
const serviceSeries = [
  `http_server_request_duration_seconds_count{${checkout}}`,
  `http_server_request_duration_seconds_bucket{${checkout},le="2.5"}`,
];

function gateway(urls: { adminUrl: string; sidecarAdminUrl: string | undefined }): ScrapedPod {
  return {
    name: 'gateway-3f2a1-x7k2p',
    namespace: 'default',
    deployment: 'gateway',
    container: 'gateway',
    templateHash: '3f2a1',
    labels: {
      'app.kubernetes.io/name': 'gateway',
      'app.kubernetes.io/part-of': 'faultline',
      'app.kubernetes.io/version': '1.0.0',
    },
    ...urls,
  };
}

describe('local Prometheus', function () {
  this.timeout(120_000);
  let dir: TempDir;
  let server: Prometheus;
  let targets: TargetsFile;
  let sidecar: Awaited<ReturnType<typeof serveMetrics>>;
  let service: Awaited<ReturnType<typeof serveMetrics>>;

  before(async () => {
    dir = new TempDir();
    sidecar = await serveMetrics(sidecarSeries);
    service = await serveMetrics(serviceSeries);
    targets = new TargetsFile(dir.path);
    server = await startPrometheus({ dir: dir.path, pace });
    // After the start: it has to notice.
    await targets.write(
      toTargets([gateway({ adminUrl: service.url, sidecarAdminUrl: sidecar.url })]),
    );
  });

  after(async () => {
    await server?.stop();
    for (const one of [sidecar, service, dir]) one?.[Symbol.dispose]();
  });

  it('labels what sidecars say as Linkerd viz does, with service and version', async () => {
    const { metric } = await found(server, 'request_total{job="linkerd-proxy"}');
    expect(metric).to.deep.equal({
      __name__: 'request_total',
      job: 'linkerd-proxy',
      instance: new URL(sidecar.url).host,
      namespace: 'default',
      pod: 'gateway-3f2a1-x7k2p',
      deployment: 'gateway',
      service: 'gateway',
      version: '1.0.0',
      pod_template_hash: '3f2a1',
      control_plane_ns: 'linkerd',
      workload_ns: 'default',
      app_kubernetes_io_name: 'gateway',
      app_kubernetes_io_part_of: 'faultline',
      app_kubernetes_io_version: '1.0.0',
      direction: 'inbound',
      srv_name: 'gateway-http',
      tls: 'true',
    });
  });

  it('makes a job of each service', async () => {
    const { metric } = await found(server, 'up{job="gateway"} == 1');
    expect(metric).to.deep.equal({
      __name__: 'up',
      job: 'gateway',
      instance: new URL(service.url).host,
      namespace: 'default',
      pod: 'gateway-3f2a1-x7k2p',
      deployment: 'gateway',
      service: 'gateway',
      version: '1.0.0',
    });
    await found(server, 'up{job="prometheus"} == 1');
  });

  it('records rates, and amplification per edge', async () => {
    const rate = await found(server, 'service:requests:rate > 0');
    expect(rate.metric).to.include({ service: 'gateway', namespace: 'default' });
    const edge = await found(server, 'edge:retry_amplification:ratio');
    expect(edge.metric).to.include({ client: 'gateway', server: 'orders' });
    expect(Number(edge.value[1])).to.be.closeTo(1, 0.01);
  });

  it('alerts within seconds when a journey fails, in a sentence', async () => {
    await found(server, 'ALERTS{alertname="ErrorBudgetBurn",severity="page",alertstate="firing"}');
    type Alerts = { alerts: { annotations: { summary: string }; labels: object }[] };
    const { alerts } = await ask<Alerts>(server, 'alerts');
    const alert = alerts.find(({ labels }) => 'journey' in labels);
    expect(alert?.labels).to.include({ journey: 'buy', slo: 'availability', namespace: 'default' });
    expect(alert?.annotations.summary).to.match(
      /^buy uses up its availability budget 1000\.0 times too fast over \d+(s|m)\.$/,
    );
  });

  it('cannot be changed from outside, nor read by other sites’ pages', async () => {
    const post = async (path: string) => {
      const reply = await fetch(`${server.url}/${path}`, { method: 'POST' });
      return `${reply.status} ${await reply.text()}`;
    };
    expect(await post('api/v1/admin/tsdb/delete_series?match[]=up')).to.include('disabled');
    expect(await post('-/reload')).to.include('not enabled');
    expect(await post('-/quit')).to.include('not enabled');
    const allowed = async (origin: string) => {
      const url = `${server.url}/api/v1/query?query=up`;
      const reply = await fetch(url, { headers: { Origin: origin } });
      await reply.body?.cancel();
      return reply.headers.get('access-control-allow-origin');
    };
    expect(await allowed('https://shop.example')).to.equal(null);
    expect(await allowed('http://localhost.shop.example')).to.equal(null);
    expect(await allowed('http://localhost:8081')).to.equal('http://localhost:8081');
  });

  it('drops what leaves, within seconds', async () => {
    await targets.write(
      toTargets([gateway({ adminUrl: service.url, sidecarAdminUrl: undefined })]),
    );
    await eventually(
      'the sidecar to go',
      async () => (await query(server, 'up{job="linkerd-proxy"}')).length === 0,
      { withinMs: 30_000 },
    );
    expect(await query(server, 'up{job="gateway"}')).to.have.length(1);
  });

  it('keeps its data, rules and targets when it is killed', async () => {
    const killed = server;
    const [before] = await query(server, 'max_over_time(service:requests:rate[1h])');
    killed.kill();
    await killed.exited;
    server = await startPrometheus({ dir: dir.path, pace, port: killed.port });
    await killed.stop();
    const again = await found(server, 'max_over_time(service:requests:rate[1h])');
    expect(Number(again.value[1])).to.be.at.least(Number(before?.value[1]) / 2);
    await found(server, 'up{job="gateway"} == 1');
  });

  it('says so when its port is taken, by another Prometheus even', async () => {
    using other = new TempDir();
    const error = await startPrometheus({ dir: other.path, port: server.port }).catch(String);
    expect(error)
      .to.include(`start Prometheus at http://127.0.0.1:${server.port}: ended with exit code 1`)
      .and.include('address already in use');
  });
});

describe('choosePrometheus', () => {
  it('takes the one that runs elsewhere, if there is one', () => {
    const url = 'http://metrics.example:9090';
    expect(choosePrometheus({ PROMETHEUS_URL: url }, '')).to.deep.equal({ kind: 'external', url });
    expect(() => choosePrometheus({ PROMETHEUS_URL: 'metrics:9090' }, '')).to.throw(
      "read PROMETHEUS_URL: 'metrics:9090' is not a URL such as http://host:9090",
    );
  });

  it('finds the program on PATH, and says how to get it where it is not', () => {
    using dir = new TempDir();
    expect(choosePrometheus({}, dir.path)).to.deep.equal({ kind: 'none', note: missingPrometheus });
    dir.write('prometheus', '');
    expect(choosePrometheus({}, `/nowhere:${dir.path}`)).to.deep.equal({ kind: 'local' });
    expect(missingPrometheus)
      .to.include('apt-get install prometheus')
      .and.include('PROMETHEUS_URL');
  });
});
