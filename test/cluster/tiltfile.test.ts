import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { expect } from 'chai';
import { resetCommands } from '../../tilt/cluster/reset.ts';
import { readVersions, stepsFor } from '../../tilt/cluster/steps.ts';
import { root } from '../../tools/config.ts';
import { parseManifests } from './support/kustomize.ts';
import { services } from './support/overlays.ts';
import { before, context, resource, tilt } from './support/tilt/project.ts';

describe('the Tiltfile', function () {
  this.timeout(60_000);

  for (const settings of [
    {},
    { canary: true },
    { lean: true },
    { local: true },
    { services: ['orders'] },
  ]) {
    it(`gives no warning with ${JSON.stringify(settings)}`, () => {
      expect(tilt(settings).warnings).to.deep.equal([]);
    });
  }

  it('has every service of the folders, and its image from its own Dockerfile', () => {
    const file = tilt();
    expect(services.filter((name) => !file.resources.has(name))).to.deep.equal([]);
    for (const name of services) {
      const image = file.images.find(({ ref }) => ref === `ghcr.io/faultline/${name}`);
      expect(image?.dockerfile).to.equal(join(root, 'services', name, 'Dockerfile'));
      expect(image?.target).to.equal('dev');
      expect(readFileSync(image?.dockerfile ?? '', 'utf8')).to.match(/ AS dev$/m);
      expect(resource(file, name).images).to.deep.equal([image?.ref]);
    }
  });

  it('puts sources into running containers where the Dockerfile puts them', () => {
    for (const { only, syncs, fallBackOn, dockerfile } of tilt().images) {
      if (syncs.length === 0) continue;
      const copied = [...readFileSync(dockerfile, 'utf8').matchAll(/^COPY [^\n]*?(\S+) \S+$/gm)];
      expect(copied).not.to.be.empty;
      for (const { from, to } of syncs) {
        expect(existsSync(from)).to.equal(true);
        expect(to).to.equal(`/app/${relative(root, from)}`);
      }
      expect(fallBackOn.map((path) => relative(root, path))).to.include('package-lock.json');
      expect(only).to.include('package-lock.json').and.not.include('.');
    }
  });

  it('copies into an image only what its build context has', () => {
    for (const { only, dockerfile } of tilt().images) {
      const lines = readFileSync(dockerfile, 'utf8').split('\n');
      const sources = lines
        .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
        .flatMap((line) => line.split(' ').slice(1, -1))
        .filter((word) => !word.startsWith('--'));
      for (const path of sources) {
        const isIn = only.some(
          (one) => path === one || path.startsWith(`${one}/`) || one.startsWith(`${path}/`),
        );
        expect(isIn, `${dockerfile}: ${path}`).to.equal(true);
      }
    }
  });

  it('brings the mesh up before the stores, and the stores before the services', () => {
    const file = tilt();
    for (const name of services) {
      const earlier = before(file, name);
      expect([...earlier]).to.include.members([
        'gateway-api',
        'linkerd-crds',
        'linkerd',
        'secrets',
        'postgres',
        'redis',
      ]);
    }
    expect([...before(file, 'linkerd')]).to.deep.equal(['linkerd-crds', 'gateway-api']);
    expect(resource(file, 'linkerd').cmd.slice(1)).to.deep.equal([
      'tilt/cluster/up.ts',
      'linkerd',
      '--context',
      context,
    ]);
  });

  it('has the namespaces before all that is applied into them', () => {
    const file = tilt({ canary: true });
    const made = stepsFor(context, readVersions())['secrets']?.commands.flatMap((command) => {
      const path = command.at(-1) ?? '';
      return path.endsWith('namespace.yaml')
        ? parseManifests(readFileSync(path, 'utf8'), path).map(({ metadata }) => metadata.name)
        : [];
    });
    const applied = [...file.resources.values()].filter(({ kind }) => kind === 'k8s');
    for (const { name, objects } of applied) {
      const namespaces = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
      expect(made, name).to.include.members([...namespaces]);
      expect([...before(file, name)], name).to.include('secrets');
    }
  });

  it('never builds one image for two at once', () => {
    const { resources } = tilt();
    const all = [...resources.values()].filter(({ images }) => images.length > 0);
    for (const [index, one] of all.entries()) {
      for (const other of all.slice(0, index)) {
        if (!one.images.some((image) => other.images.includes(image))) continue;
        expect(one.deps, one.name).to.include(other.name);
      }
    }
    expect(resources.get('payment-provider')?.deps).to.include('payments');
  });

  it('lets a service wait for the Job that migrates its database, and that for the stores', () => {
    const file = tilt();
    const jobs = [...file.resources.keys()].filter((name) => name.endsWith('-migrations'));
    expect(jobs).to.have.length(7);
    for (const job of jobs) {
      const name = job.replace('-migrations', '');
      expect(resource(file, name).deps).to.include(job);
      expect(resource(file, job).deps).to.include('postgres').and.not.include(name);
      const kinds = new Set(resource(file, job).objects.map(({ kind }) => kind));
      // Its account would otherwise come after it, and never, since the service waits.
      expect([...kinds]).to.deep.equal(['Job', 'ServiceAccount']);
      // Tilt itself waits for a Job to succeed, unless it is told something else.
      expect(resource(file, job).podReadiness).to.equal('');
    }
    expect(resource(file, 'gateway').deps.filter((one) => jobs.includes(one))).to.deep.equal([]);
  });

  it('has the button that empties the stores run all of these Jobs again', () => {
    const running = services.map((name) => `deployment.apps/${name}`).join('\n');
    const commands = resetCommands(context, { ours: running, all: running });
    const file = tilt();
    const jobs = [...file.resources.values()].filter(({ objects }) =>
      objects.some(({ kind }) => kind === 'Job'),
    );
    const triggered = commands.filter(([program]) => program === 'tilt').map(([, , name]) => name);
    expect(triggered).to.deep.equal(jobs.map(({ name }) => name).toSorted());
    const few = resetCommands(context, {
      ours: 'deployment.apps/orders\n',
      all: 'deployment.apps/orders\n',
    });
    expect(few.filter(([program]) => program === 'tilt')).to.deep.equal([
      ['tilt', 'trigger', 'orders-migrations'],
    ]);
    for (const [program, ...args] of commands.filter(([one]) => one !== 'tilt')) {
      expect([program, args[0], args[1]]).to.deep.equal(['kubectl', '--context', context]);
    }
  });

  it('runs no Job anew for a saved source, only for its migrations and what all share', () => {
    const jobs = tilt().images.filter(({ ref }) => ref.endsWith('-migrations'));
    expect(jobs).to.have.length(7);
    for (const { ref, only, syncs, target, dockerfile } of jobs) {
      const folder = `services/${basename(ref).replace('-migrations', '')}`;
      expect(only.filter((path) => path.startsWith('services'))).to.deep.equal([
        `${folder}/package.json`,
        `${folder}/migrations`,
      ]);
      expect(syncs).to.deep.equal([]);
      expect(target).to.equal('');
      expect(dockerfile).to.equal(join(root, folder, 'Dockerfile'));
    }
  });

  it('calls the system healthy when people get through all of it', () => {
    const file = tilt({}, { subcommand: 'ci' });
    const journeys = resource(file, 'journeys');
    expect(journeys.autoInit).to.equal(true);
    expect(journeys.deps).to.include.members(['shop', 'jaeger', 'prometheus', ...services]);
    expect(resource(tilt(), 'journeys').autoInit).to.equal(false);
  });

  it('with orders alone brings what orders needs, and nothing else', () => {
    const { enabled = [] } = tilt({ services: ['orders'] });
    expect(enabled).to.include.members([
      'orders',
      'catalog',
      'inventory',
      'payments',
      'payment-provider',
      'orders-migrations',
      'postgres',
      'linkerd',
    ]);
    expect(enabled).not.to.include.members(['gateway']);
    expect(
      enabled.filter((name) =>
        ['gateway', 'storefront', 'images', 'admin', 'profiles'].includes(name),
      ),
    ).to.deep.equal([]);
  });

  it('refuses names of no service, clusters it was not allowed, and no cluster', () => {
    expect(() => tilt({ services: ['ordres'] })).to.throw(
      /unknown service ordres: expected admin, catalog/,
    );
    expect(() => tilt({}, { context: 'company-prod' })).to.throw(
      'company-prod might be production',
    );
    expect(tilt({ 'allow-context': ['staging'] }, { context: 'staging' }).warnings).to.deep.equal(
      [],
    );
    expect(() => tilt({}, { context: '' })).to.throw('tilt up -- --local');
    expect(() => tilt({ canray: true })).to.throw('unknown flag canray');
    expect(() => tilt({ canary: true, lean: true })).to.throw('--canary needs Prometheus');
  });

  it('has buttons for load, faults, data and rollouts, each a command that exists', () => {
    const { buttons } = tilt({ canary: true });
    const names = buttons.map(({ name }) => name);
    expect(names).to.include.members([
      'load-on',
      'load-off',
      'reset-data',
      'orders-fault-error',
      'orders-fault-clear',
    ]);
    expect(names).to.include.members([
      'orders-release-bad',
      'orders-canary-pause',
      'orders-canary-promote',
      'orders-canary-abort',
    ]);
    for (const { name, args, confirm } of buttons) {
      expect(args[0], name).to.equal(join(root, 'node_modules/.bin/node'));
      expect(existsSync(join(root, args[1] ?? '')), name).to.equal(true);
      expect(confirm, name).to.equal(name === 'reset-data');
    }
    const scripts = new Set(buttons.map(({ args }) => args[1]));
    expect([...scripts].toSorted()).to.deep.equal([
      'local/bin/faultline.mjs',
      'tilt/cluster/canary.ts',
      'tilt/cluster/fault.ts',
      'tilt/cluster/load.ts',
      'tilt/cluster/release.ts',
      'tilt/cluster/reset.ts',
    ]);
    expect(tilt({}, { subcommand: 'down' }).buttons).to.deep.equal([]);
  });

  it('opens ports on this machine only, each once', () => {
    const ports = [...tilt().resources.values()].flatMap((one) => one.ports);
    expect(ports.map(({ host }) => host)).to.deep.equal(ports.map(() => '127.0.0.1'));
    expect(new Set(ports.map(({ local }) => local)).size).to.equal(ports.length);
    expect(ports.map(({ local }) => local))
      .to.include.members([9090, 16_686, 3000])
      .and.not.include(8080);
  });

  it('says of everything that serves when it is ready, and of all what it is', () => {
    for (const settings of [{}, { local: true }]) {
      for (const { name, labels, serveCmd, hasProbe } of tilt(settings).resources.values()) {
        expect(labels, name).to.have.length(1);
        const isLog = serveCmd.includes('logs');
        if (serveCmd.length > 0 && !isLog) expect(hasProbe, name).to.equal(true);
      }
    }
  });

  it('runs scripts that exist from where it runs them, and none that outlives it', () => {
    for (const settings of [{ canary: true }, { local: true }]) {
      for (const { name, kind, cmd, serveCmd, dir } of tilt(settings).resources.values()) {
        if (kind !== 'local') continue;
        const [program, script = ''] = cmd.length > 0 ? cmd : serveCmd;
        expect(program, name).to.equal(join(root, 'node_modules/.bin/node'));
        expect(existsSync(resolve(dir, script)), `${name}: ${script}`).to.equal(true);
        const ends = /leashed|forward/.test(script) || serveCmd.includes('logs');
        if (serveCmd.length > 0) expect(ends, name).to.equal(true);
      }
    }
  });

  it('runs the local engine without a cluster', () => {
    const file = tilt({ local: true }, { context: '' });
    expect([...file.resources.keys()].toSorted()).to.deep.equal(
      ['faultline', ...services].toSorted(),
    );
    expect(resource(file, 'faultline').serveCmd.slice(1)).to.deep.equal([
      'tilt/cluster/leashed.ts',
      join(root, 'node_modules/.bin/node'),
      join(root, 'local/bin/faultline.mjs'),
      'up',
    ]);
    expect(file.images).to.deep.equal([]);
  });

  it('is bounded, and takes nothing from the network', () => {
    const { set } = tilt();
    expect(set.get('version_settings')).to.deep.equal({
      constraint: '>=0.37.4',
      check_updates: false,
    });
    expect(set.get('analytics_settings')).to.deep.equal({ enable: false });
    expect([...set.keys()]).to.include('disable_snapshots');
    expect(set.get('ci_settings')).to.include({ timeout: '30m', readiness_timeout: '10m' });
    expect(set.get('update_settings')).to.include({ max_parallel_updates: 3 });
    const texts = ['settings', 'services', 'workloads', 'platform', 'buttons', 'engine'].map(
      (name) => readFileSync(join(root, 'tilt', `${name}.Tiltfile`), 'utf8'),
    );
    const main = readFileSync(join(root, 'Tiltfile'), 'utf8');
    expect([main, ...texts].join('\n')).not.to.match(/ext:\/\/|(?<![\w.])local\(/);
    expect(main.split('\n').length).to.be.at.most(120);
    expect(texts.join('\n').match(/def \w+\([^\n]*\n(?! {4}""")/g)).to.equal(null);
  });
});

describe('docs/cluster.md', () => {
  const text = readFileSync(join(root, 'docs/cluster.md'), 'utf8');

  it('names every resource and every button, and none that is not there', () => {
    const file = tilt({ canary: true });
    const section = text.slice(text.indexOf('| resource |'), text.indexOf('| button |'));
    const rows = section.split('\n').flatMap((row) => row.split('|')[1] ?? []);
    const named = new Set(
      [...rows.join(' ').matchAll(/`([\w-]+)`/g), ['', 'metric-templates']].map(([, name]) => name),
    );
    const all = [...file.resources.keys()];
    const plain = all.filter((name) => !name.endsWith('-canary'));
    expect([...named].filter((name = '') => !all.includes(name))).to.deep.equal([]);
    expect(plain.filter((name) => !named.has(name))).to.deep.equal([]);
    for (const label of new Set(file.buttons.map((one) => one.text)))
      expect(text).to.include(label);
  });

  it('names the ports that are opened', () => {
    const ports = [...tilt().resources.values()].flatMap((one) => one.ports);
    for (const { local } of ports) expect(text).to.include(`(${local})`);
  });
});
