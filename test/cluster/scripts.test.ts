import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { TempDir } from '../../local/test/temp-dir.ts';
import { certificateCommands } from '../../tilt/cluster/certificates.ts';
import { lease, loadDuration, rate, share } from '../../tilt/cluster/config.ts';
import { clearCommand, faultManifest, kinds } from '../../tilt/cluster/faults.ts';
import { resetCommands } from '../../tilt/cluster/reset.ts';
import { actions, refusal, releasePatch, rolloutCommands } from '../../tilt/cluster/rollouts.ts';
import { flag, named } from '../../tilt/cluster/run.ts';
import { makeSecrets, renderSecrets } from '../../tilt/cluster/secrets.ts';
import { removalFor } from '../../tilt/cluster/removal.ts';
import { readVersions, type Step, stepsFor } from '../../tilt/cluster/steps.ts';
import { take } from '../../tilt/cluster/take.ts';
import { root } from '../../tools/config.ts';
import { skip } from '../../tools/skip.ts';
import { check } from './support/environments.ts';
import { parseManifests } from './support/kustomize.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources } from './support/resources.ts';
import { mergeStrategically } from './support/strategic-merge.ts';

describe('the set-up of a cluster', () => {
  const steps = stepsFor('kind-x', readVersions());
  const commands = Object.values(steps).flatMap((step) => [
    ...step.commands,
    ...step.check,
    ...(step.installed ? [step.installed.command] : []),
  ]);

  it('is checked after each step, and says what to do', () => {
    for (const [name, { check: checks, remedy }] of Object.entries(steps)) {
      expect(checks, name).not.to.be.empty;
      expect(remedy, name).to.match(/\w{4}/);
    }
  });

  it('never speaks to another cluster than the one that was named', () => {
    for (const [program, ...args] of commands) {
      expect(flag(args, program === 'helm' ? '--kube-context' : '--context')).to.equal('kind-x');
    }
  });

  it('can be repeated, and installs the versions that are pinned', () => {
    const { linkerd, flagger, gatewayApi, kubernetes } = {
      kubernetes: '',
      ...readVersions(),
    };
    const upgrades = commands.filter(([one, verb]) => one === 'helm' && verb !== 'list');
    for (const [program, ...args] of upgrades) {
      expect([program, args[0], args.includes('--install')]).to.deep.equal([
        'helm',
        'upgrade',
        true,
      ]);
      expect([linkerd.chart, flagger.chart]).to.include(flag(args, '--version'));
    }
    expect(commands.flat().join(' ')).to.include(`/${gatewayApi}/standard-install.yaml`);
    const cluster = readFileSync(join(root, 'tilt/cluster/kind.yaml'), 'utf8');
    expect(cluster).to.include(`kindest/node:${kubernetes}`);
  });

  it('goes on without a network where just what is pinned was installed before', async () => {
    const step = steps['linkerd'] ?? expect.fail();
    const said: string[] = [];
    const offline = (listed: string, isReady = true) =>
      take('linkerd', step, {
        runAll: () => Promise.reject(new Error('no route to helm.linkerd.io')),
        succeeds: () => Promise.resolve(isReady),
        outputOf: () => Promise.resolve(listed),
        say: (text) => said.push(text),
      });
    const chart = `linkerd-control-plane-${readVersions().linkerd.chart}`;
    await offline(`[{"name":"linkerd-control-plane","chart":"${chart}"}]`);
    expect(await failure(offline(`[{"chart":"${chart}-rc1"}]`))).to.match(
      /no route.*linkerd check/,
    );
    expect(await failure(offline('[]'))).to.match(/no route/);
    expect(await failure(offline(`[{"chart":"${chart}"}]`, false))).to.match(/is not ready/);
    expect(said.join('')).to.include('going on with what is installed');
  });

  it('needs no network for what comes from none', () => {
    const isRemote = (step: Step) => step.commands.flat().some((word) => word.startsWith('https:'));
    for (const [name, step] of Object.entries(steps)) {
      expect(step.installed !== undefined, name).to.equal(isRemote(step));
    }
  });

  it('can be taken away from the named cluster, all of it but what others may use', () => {
    const removal = removalFor('kind-x');
    for (const [program, ...args] of removal) {
      expect(flag(args, program === 'helm' ? '--kube-context' : '--context')).to.equal('kind-x');
    }
    const installed = Object.values(steps).flatMap((step) =>
      step.commands.filter(([one]) => one === 'helm').map(([, , name]) => name),
    );
    const removed = removal.filter(([one]) => one === 'helm').map(([, , name]) => name);
    expect(removed.toSorted()).to.deep.equal(installed.toSorted());
    const namespaces = readResources(renderEnvironment('dev')).resources.Namespace.map(
      ({ metadata }) => metadata.name,
    );
    expect(removal.flat()).to.include.members([...new Set(namespaces)]);
  });

  it('names files that exist', () => {
    const files = commands
      .flat()
      .filter((word) => word.startsWith(root) && !word.includes('.faultline'));
    expect(files).not.to.be.empty;
    expect(files.filter((file) => !existsSync(file))).to.deep.equal([]);
  });

  it('makes a trust anchor and an issuer that Linkerd takes, once', function () {
    this.timeout(30_000);
    using dir = new TempDir();
    try {
      for (const [program, ...args] of certificateCommands(dir.path)) {
        execFileSync(program, args, { stdio: 'ignore' });
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        skip(this, 'there is no openssl');
      }
      throw error;
    }
    const read = (name: string) => new X509Certificate(readFileSync(dir.join(name)));
    const [anchor, issuer] = [read('ca.crt'), read('issuer.crt')];
    expect(issuer.ca && issuer.verify(anchor.publicKey) && issuer.checkIssued(anchor)).to.equal(
      true,
    );
    expect(anchor.ca && anchor.verify(anchor.publicKey)).to.equal(true);
    for (const { publicKey } of [anchor, issuer]) {
      expect(publicKey.asymmetricKeyDetails?.namedCurve).to.equal('prime256v1');
    }
    expect(certificateCommands(dir.path)).to.deep.equal([]);
  });

  it('makes a Secret for each that manifests ask for, and roles that keep to their own', () => {
    const ask = (name: string, key: string, optional = '') =>
      `env: [{ valueFrom: { secretKeyRef: { name: ${name}, key: ${key}${optional} } } }]\n`;
    const secrets = makeSecrets([
      ask('a-database', 'url'),
      ask('x-smtp', 'url', ', optional: true'),
      ask('shop-redis', 'url'),
    ]);
    expect(secrets.map(({ name }) => name)).to.deep.equal([
      'a-database',
      'shop-redis',
      'postgres-admin',
      'postgres-roles',
      'redis-admin',
    ]);
    const url = new URL(secrets[0]?.values['url'] ?? '');
    expect([url.username, url.pathname, url.host]).to.deep.equal(['a', '/a', 'postgres:5432']);
    const redis = new URL(secrets[1]?.values['url'] ?? '');
    expect(redis.password).to.have.length.greaterThan(20);
    expect(secrets[4]?.values).to.deep.equal({ password: redis.password });
    expect(secrets[3]?.values['roles.sql'])
      .to.include(`LOGIN PASSWORD '${url.password}'`)
      .and.include('REVOKE CONNECT');
    const { problems, resources } = readResources(
      parseManifests(renderSecrets(secrets), 'secrets'),
    );
    expect(problems).to.deep.equal([]);
    expect(resources.Secret).to.have.length(5);
    expect(() => makeSecrets([ask('a-token', 'value')])).to.throw('make the Secret a-token/value');
  });
});

describe('what Tilt serves', () => {
  const script = join(root, 'tilt/cluster/leashed.ts');

  it('ends with its exit code', () => {
    const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args]);
    expect(run(process.execPath, '-e', 'process.exit(3)').status).to.equal(3);
    expect(run().status).to.equal(1);
  });

  it('ends when Tilt is killed before it could end it', async function () {
    this.timeout(20_000);
    const served = 'process.stdout.write(String(process.pid)); setInterval(() => {}, 1000)';
    const started = JSON.stringify([script, process.execPath, '-e', served]);
    const tilt = `child_process.spawn(process.execPath, ${started}, { stdio: 'inherit' })`;
    const parent = spawn(process.execPath, ['-e', tilt], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await eventually(() => {
      expect(() => process.kill(Number(pid), 0)).to.throw(/ESRCH/);
    });
  });
});

describe('the buttons of a cluster', function () {
  this.timeout(30_000);

  for (const kind of kinds.filter((one) => one !== 'kill')) {
    it(`break a service by ${kind} with what Linkerd can do, and mend it`, () => {
      const fault = parseManifests(faultManifest({ kind, service: 'orders', share: 30 }), kind);
      const found = check('dev', [...renderEnvironment('dev'), ...fault]);
      // What is asked for on purpose: a Service that is not there, or has no pods.
      const meant = found.filter(({ message }) =>
        /fault-orders-nowhere|selects no pod|targetPort/.test(message),
      );
      expect(found).to.deep.equal(meant);
      const clear = clearCommand(['kubectl'], 'orders').join(' ');
      for (const one of fault) {
        expect(clear.toLowerCase()).to.match(
          new RegExp(one.kind.toLowerCase().replace(/y$/, '(y|ie)')),
        );
        expect(one.metadata['labels']).to.deep.equal({ 'faultline.dev/fault': 'orders' });
      }
    });
  }

  it('deploy a version that hears nobody, and one that does', () => {
    const orders = renderEnvironment('dev').find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'orders',
    );
    for (const [kind, address] of [
      ['bad', '127.0.0.1:8079'],
      ['good', '0.0.0.0:8080'],
    ] as const) {
      const patch: unknown = JSON.parse(
        releasePatch(kind, { service: 'orders', version: '1.1.7' }),
      );
      const { resources, problems } = readResources(
        parseManifests(JSON.stringify(mergeStrategically(orders, patch)), kind),
      );
      expect(problems).to.deep.equal([]);
      const template = resources.Deployment[0]?.spec.template;
      expect(template?.metadata.labels['app.kubernetes.io/version']).to.equal('1.1.7');
      expect(template?.spec.containers).to.have.length(1);
      expect(template?.spec.containers[0]?.env).to.deep.include({
        name: 'LISTEN_HTTP',
        value: address,
      });
    }
  });

  it('steer a rollout with Flagger’s own fields', () => {
    for (const action of Object.keys(actions)) {
      const commands = rolloutCommands(['kubectl'], action, 'orders');
      expect(commands.every((words) => words.join(' ').startsWith('kubectl -n shop '))).to.equal(
        true,
      );
    }
    expect(rolloutCommands(['kubectl'], 'pause', 'orders').flat()).to.include(
      '{"spec":{"suspend":true}}',
    );
    expect(() => rolloutCommands(['kubectl'], 'stop', 'orders')).to.throw('expected pause, resume');
  });

  it('abort only what Flagger would take back when it asks', () => {
    for (const phase of ['Progressing', 'Waiting', 'WaitingPromotion']) {
      expect(refusal('abort', phase)).to.equal(undefined);
    }
    // In these it does not ask, and the next version would be met.
    for (const phase of ['', 'Initialized', 'Promoting', 'Finalising', 'Succeeded', 'Failed']) {
      expect(refusal('abort', phase)).to.include('nothing is on trial');
      expect(refusal('promote', phase)).to.equal(undefined);
    }
    // To undo the Deployment would be one more version to try.
    expect(rolloutCommands(['kubectl'], 'abort', 'orders').flat()).not.to.include('undo');
  });

  it('restart what serves when data are reset, and give Flagger no new version to try', () => {
    const listed = (...names: string[]) =>
      names.map((name) => `deployment.apps/${name}\n`).join('');
    const restarted = (ours: string, all: string) =>
      resetCommands('kind-x', { ours, all })
        .filter((words) => words.includes('restart'))
        .map((words) => words.at(-1));
    const ours = listed('load-generator', 'orders', 'payment-provider');
    expect(restarted(ours, ours)).to.deep.equal([
      'deployment/load-generator',
      'deployment/orders',
      'deployment/payment-provider',
    ]);
    // Flagger's Deployment has none of the labels by which ours are found.
    expect(restarted(ours, `${ours}${listed('orders-primary', 'foreign')}`)).to.deep.equal([
      'deployment/load-generator',
      'deployment/orders-primary',
      'deployment/payment-provider',
    ]);
    expect(restarted('', '')).to.deep.equal([]);
  });

  it('check what people type', () => {
    expect([share({}), share({ SHARE: '10' }), rate({}), lease({ LEASE: '2m' })]).to.deep.equal([
      50, 10, 20, 120_000,
    ]);
    expect(loadDuration({ DURATION: '' })).to.equal('10m');
    expect(() => share({ SHARE: '101' })).to.throw('SHARE: expected a whole number from 1 to 100');
    expect(() => rate({ RPS: '$(reboot)' })).to.throw('RPS: expected');
    expect(() => lease({ LEASE: '1h' })).to.throw(
      "LEASE: expected a duration such as 60s or 10m, not '1h'",
    );
    expect(() => named('--all', 'a service')).to.throw(
      "expected the name of a service, not '--all'",
    );
    expect(() => flag(['--context'], '--context')).to.throw('expected --context and its value');
  });
});

/** What a promise is rejected with. */
function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => expect.fail('expected it to fail'),
    (error: Error) => error.message,
  );
}
