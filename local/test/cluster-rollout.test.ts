import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { throughForward } from '../src/rollouts/cluster/kubectl.ts';
import { answersOf, event } from '../src/rollouts/cluster/testing/answers.ts';
import { processIdentity } from '../src/process/identity.ts';
import { faultline } from './command.ts';
import { TempDir } from './temp-dir.ts';

const fake = fileURLToPath(new URL('fixtures/kubectl.mjs', import.meta.url));

const day = '2026-01-01T';
const answers = answersOf({
  phase: 'Failed',
  promoted: { status: 'False', at: `${day}10:00:41Z` },
  versions: { primary: '1.0.0', target: '1.1.7-bad', targetReplicas: 0 },
  formerly: '0.9.0',
  applied: `${day}09:59:55Z`,
  weights: { primary: 100, canary: 0 },
  events: [
    event('10:00:00', 'New revision detected! Scaling up orders.shop'),
    event('10:00:10', 'Advance orders.shop canary weight 10'),
    event('10:00:20', 'Halt orders.shop advancement success-rate 0.00 < 99', { type: 'Warning' }),
    event('10:00:40', 'Canary failed! Scaling down orders.shop', { type: 'Warning' }),
  ],
});

/** A folder with a program named kubectl that answers for a cluster. */
class FakeCluster extends TempDir {
  readonly answers = this.write('answers.json', JSON.stringify(answers));
  readonly kubectl: string = this.write(
    'bin/kubectl',
    `#!/bin/sh\nexec "${process.execPath}" "${fake}" "$@"\n`,
  );

  constructor() {
    super();
    chmodSync(this.kubectl, 0o755);
  }

  get env() {
    const { PATH } = process.env;
    return { ...process.env, PATH: `${this.join('bin')}:${PATH}`, ANSWERS: this.answers };
  }

  calls(): string[][] {
    const log = `${this.answers}.log`;
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    return lines.map((line): string[] => JSON.parse(line));
  }
}

describe('faultline rollout status --context', function () {
  this.timeout(30_000);

  it('answers as it does for the local engine, from kubectl and Prometheus', async () => {
    using cluster = new FakeCluster();
    // What a shell would take apart is a name like any other.
    const context = 'kind x; $(touch /tmp/y)';
    const args = ['rollout', 'status', 'orders', '--context', context];
    const { out, err, code } = await faultline([...args, '--json'], { env: cluster.env });
    expect(code, err).to.equal(0);
    const { report, ...status } = JSON.parse(out);
    expect(status).to.deep.include({ service: 'orders', phase: 'Failed', unknown: [] });
    expect(report).to.deep.include({
      outcome: 'rolled-back',
      requests_met: 12,
      time_to_detect_ms: 10_000,
      time_to_safe_ms: 30_000,
    });
    expect(report.checks).to.have.length(3);
    expect(report.checks[2]).to.deep.include({ verdict: 'pass', value: 12 });
    const calls = cluster.calls();
    expect(calls.every(([first]) => first === `--context=${context}`)).to.equal(true);
    expect(calls.at(-1)).to.deep.equal([
      `--context=${context}`,
      '--namespace=observability',
      'port-forward',
      '--address=127.0.0.1',
      'service/prometheus',
      ':9090',
    ]);
    const shown = await faultline(args, { env: cluster.env });
    expect(shown.out).to.include('orders: 1.0.0 → 1.1.7-bad, rolled-back (Failed)');
  });

  it('passes on what kubectl complains of', async () => {
    using cluster = new FakeCluster();
    const args = ['rollout', 'status', 'catalog', '--context', 'kind-x'];
    const { err, code } = await faultline(args, { env: cluster.env });
    expect(code).to.equal(1);
    expect(err)
      .to.include('kubectl get canaries.flagger.app catalog: Error from server (NotFound)')
      .and.not.include('    at ');
  });

  it('says so where there is no kubectl', async () => {
    const args = ['rollout', 'status', 'orders', '--context', 'kind-x'];
    const { err, code } = await faultline(args, { env: { PATH: '/nonexistent' } });
    expect(code).to.equal(1);
    expect(err).to.include('is kubectl installed and on the PATH?');
  });

  it('refuses what it cannot do in a cluster, and names that are none', async () => {
    const refused: [args: string[], words: string][] = [
      [['promote', 'orders', '--context', 'x'], "expected status with --context, not 'promote'"],
      [['status', 'orders', '--namespace', 'x'], '--namespace is of a cluster'],
      [['status', '../orders', '--context', 'x'], "the name of a Canary, not '../orders'"],
      [['status', 'orders', '--context', 'x', '--namespace', 'a b'], 'the name of a namespace'],
    ];
    for (const [args, words] of refused) {
      const { err, code } = await faultline(['rollout', ...args]);
      expect(code, words).not.to.equal(0);
      expect(err).to.include(words);
    }
  });

  it('ends its forwarded port with the last question, and tells why one leads nowhere', async () => {
    using cluster = new FakeCluster();
    const to = { context: 'x', namespace: 'y', service: 'prometheus', port: 9090 };
    const pidFile = cluster.join('pid');
    const counted = cluster.write(
      'counted',
      `#!/bin/sh\necho $$ > "${pidFile}"\necho "Forwarding from 127.0.0.1:5 -> 9090"\nexec sleep 60\n`,
    );
    const refusing = cluster.write('refusing', '#!/bin/sh\necho "no such pod" >&2\nexit 1\n');
    for (const program of [counted, refusing]) chmodSync(program, 0o755);
    const clock = systemClock;
    const use = async (url: string) => url;
    const url = await throughForward({ ...to, program: counted }, { clock, use });
    expect(url).to.equal('http://127.0.0.1:5');
    expect(processIdentity(Number(readFileSync(pidFile, 'utf8')))).to.equal(undefined);
    const failed = await throughForward({ ...to, program: refusing }, { clock, use }).catch(String);
    expect(failed).to.include('kubectl port-forward service/prometheus: no such pod');
  });
});
