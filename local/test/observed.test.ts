import { expect } from 'chai';
import { findPrometheus } from '../src/metrics/find.ts';
import { startEngine } from '../src/engine.ts';
import type { Engine } from '../src/engine-types.ts';
import { signalProcess } from '../src/process/identity.ts';
import { faultline, fixture } from './command.ts';
import { eventually } from './eventually.ts';
import { get } from './http.ts';
import { TempDir } from './temp-dir.ts';

describe('what watches a system', function () {
  this.timeout(90_000);
  const dir = new TempDir();
  let engine: Engine;
  before(async () => {
    engine = await startEngine({ root: fixture, dataDir: dir.path, ports: 'auto', env: ownEnv() });
  });
  after(async () => {
    await engine.stop();
    dir[Symbol.dispose]();
  });

  /** Without a collector that the tests themselves may have been given. */
  function ownEnv() {
    const { PATH, HOME, FAULTLINE_POSTGRES_TEMPLATE } = process.env;
    return { PATH, HOME, FAULTLINE_POSTGRES_TEMPLATE };
  }

  const store = (name: string) => engine.status().stores.find((one) => one.name === name);

  it('is there beside it', () => {
    expect(store('traces')).to.include({ ready: true });
    expect(Object.keys(engine.links)).to.include.members(['Shop', 'Traces', 'Prometheus']);
  });

  it('sends the pods’ spans to the trace store', async () => {
    const env = JSON.parse((await get(`${engine.links['Shop']}env`)).body);
    const { port } = new URL(env['OTEL_EXPORTER_OTLP_ENDPOINT']);
    const reply = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(reply.status).to.equal(200);
    expect((await get(`${engine.links['Traces']}api/services`)).status).to.equal(200);
  });

  it('scrapes sidecars, the trace store and itself', async () => {
    expect(findPrometheus(), 'prometheus is on PATH: the set-up installs it').to.be.a('string');
    const query = 'api/v1/query?query=count(up)by(job)';
    const jobs = await eventually(
      'all targets',
      async () => {
        const { data } = JSON.parse((await get(`${engine.links['Prometheus']}${query}`)).body);
        const counts = data.result.map((one: { metric: { job: string }; value: string[] }) => [
          one.metric.job,
          Number(one.value[1]),
        ]);
        const found: Record<string, number> = Object.fromEntries(counts);
        const all = found['linkerd-proxy'] === 3 && found['trace-store'] && found['prometheus'];
        return all ? found : undefined;
      },
      { withinMs: 30_000 },
    );
    // Of pods themselves those that say by their labels that they belong to the shop.
    expect(jobs).to.include({ 'trace-store': 1, prometheus: 1 });
  });

  it('says that nothing is broken while nothing is', async () => {
    const why = await faultline(['why', '--data-dir', dir.path]);
    expect(why).to.deep.equal({ code: 0, out: 'Nothing is broken.\n', err: '' });
    const json = await faultline(['why', '--json', '--data-dir', dir.path]);
    expect(JSON.parse(json.out)).to.deep.equal({ incident: null });
  });

  it('is told what was done to the system', async () => {
    await engine.scale('echo', 1);
    await eventually('the change', async () => {
      const { body } = await get(`${engine.links['Traces']}api/changes`);
      return body.includes('"scale"') && body.includes('from 2 to 1 instances');
    });
  });

  it('knows no trace that never was', async () => {
    const unknown = await faultline(['trace', 'abc', '--data-dir', dir.path]);
    expect(unknown.code).to.equal(1);
    const odd = await faultline(['trace', 'no id', '--data-dir', dir.path]);
    expect(odd).to.include({ code: 2 });
  });

  it('comes back when it is killed, while the shop goes on', async () => {
    const before = store('traces')?.pid;
    signalProcess(before ?? 0, 'SIGKILL');
    await eventually('its return', () => {
      const now = store('traces');
      return now?.ready === true && now.pid !== before;
    });
    expect((await get(engine.links['Shop'] ?? '')).status).to.equal(200);
    expect((await get(`${engine.links['Traces']}api/services`)).status).to.equal(200);
  });
});
