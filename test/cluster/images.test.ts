import { globSync, readFileSync, statSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { dockerfile, stagesOf } from './support/dockerfile.ts';
import { renderEnvironment, services } from './support/overlays.ts';
import { splitImage } from './support/kustomize.ts';
import { readResources } from './support/resources.ts';

function commandOf(stage: { lines: string[] } | undefined): unknown {
  const line = stage?.lines.find((one) => one.startsWith('CMD '));
  return JSON.parse(line?.slice('CMD '.length) ?? '');
}

/** Whether Docker is given a file: the last rule that speaks of it decides. */
function isGiven(path: string): boolean {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  const meant = rules.filter((rule) => rule !== '' && !rule.startsWith('#'));
  const parents = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const last = meant.findLast((rule) =>
    // Docker's `*` takes names that begin with a dot, Node's does not.
    parents.some((parent) => rule === '*' || matchesGlob(parent, rule.replace(/^!/, ''))),
  );
  return last?.startsWith('!') ?? true;
}

/** Folders that a rule for all of them leaves out, and that would take long to walk through. */
function isSkipped({ name }: { name: string }): boolean {
  return ['node_modules', '.git', '.faultline'].includes(name);
}

describe('the images', function () {
  this.timeout(30_000);

  it('are made by one pattern; the storefront has bundles besides', () => {
    const pattern = (service: string) =>
      dockerfile(service)
        .replaceAll(service, '<service>')
        .replace(/FROM dependencies AS bundles\n[^]*?\n\n/, '')
        .replaceAll(/COPY [^\n]*--from=bundles[^\n]*\n/g, '');
    for (const service of services) expect(pattern(service), service).to.equal(pattern('orders'));
  });

  for (const environment of ['dev', 'prod'] as const) {
    it(`run the command that the Deployments of ${environment} run`, () => {
      const { resources } = readResources(renderEnvironment(environment));
      const stage = environment === 'dev' ? 'dev' : 'image';
      for (const { metadata, spec } of resources.Deployment) {
        if (!services.includes(metadata.name)) continue;
        const [container] = spec.template.spec.containers;
        expect(splitImage(container?.image ?? '').path).to.equal(
          `ghcr.io/faultline/${metadata.name}`,
        );
        const found = stagesOf(dockerfile(metadata.name)).find(({ name }) => name === stage);
        expect(container?.command, metadata.name).to.deep.equal(commandOf(found));
      }
    });
  }

  it('are made from bases of one digest each, Node.js to build and to watch, and less to run', () => {
    const files = globSync(['deploy/**/*Dockerfile', 'services/*/Dockerfile'], { cwd: root });
    expect(files.length).to.be.greaterThan(services.length);
    const texts = files.map((file) => readFileSync(join(root, file), 'utf8'));
    const bases = new Set(texts.flatMap((text) => text.match(/^ARG .*/gm) ?? []));
    expect([...bases].map((line) => line.replace(/[0-9a-f]{64}$/, '…'))).to.deep.equal([
      'ARG NODE=node:24.21.0-bookworm-slim@sha256:…',
      'ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot@sha256:…',
    ]);
    expect(texts.join('').match(/^FROM (?!dependencies|\$\{)/m)).to.equal(null);
    // A frontend that is named is asked for at each build, which then needs a network.
    const names = files.filter((_, index) => /^#\s*syntax\s*=/im.test(texts[index] ?? ''));
    expect(names).to.deep.equal([]);
    for (const service of services) {
      const froms = stagesOf(dockerfile(service)).map(({ name, lines }) => [name, lines[0]]);
      const own = froms.filter(([name]) => name !== 'bundles');
      expect(own).to.deep.equal([
        ['dependencies', 'FROM ${NODE} AS dependencies'],
        ['dev', 'FROM ${NODE} AS dev'],
        ['image', 'FROM ${RUNTIME}'],
      ]);
    }
  });

  it('run as somebody who is not root, started directly, from the service’s own folder', () => {
    for (const service of services) {
      const [dependencies, ...rest] = stagesOf(dockerfile(service));
      expect(dependencies?.lines.join('\n')).to.include('--omit=dev --ignore-scripts');
      for (const { lines, name } of rest.filter((stage) => stage.name !== 'bundles')) {
        expect(lines, `${service} ${name}`).to.include.members([
          'USER 1000',
          `WORKDIR /app/services/${service}`,
          'ENV NODE_ENV=production',
        ]);
      }
      expect(rest.at(-1)?.name).to.equal('image');
      expect(rest.at(-1)?.lines.join('\n')).not.to.match(/npm|--watch|--chown/);
    }
  });

  it('are given all sources and nothing else', () => {
    const sources = globSync(
      [
        'services/*/src/**/*.ts',
        'packages/*/src/**/*.ts',
        'services/*/migrations/*',
        'services/*/sandbox/*.ts',
      ],
      { cwd: root },
    );
    const wanted = sources.filter((path) => !/\.test\.ts$|node_modules/.test(path));
    expect(wanted.length).to.be.greaterThan(100);
    expect(wanted.filter((path) => !isGiven(path))).to.deep.equal([]);
    const others = [
      'README.md',
      '.git/HEAD',
      '.faultline/x',
      'node_modules/koa/index.js',
      'local/src/main.ts',
      'mesh/control/package.json',
      'bench/origin/evaluate.ts',
      'services/orders/test/a.ts',
      'services/orders/src/a.test.ts',
      'services/orders/deploy/orders.yaml',
      'services/storefront/dist/a.js',
      'services/orders/.env',
      'services/orders/.env.local',
      'services/orders/.faultline/cluster/secrets.yaml',
      'services/orders/secrets.yaml',
      'services/orders/issuer.key',
      'services/orders/ca.crt',
      'packages/.npmrc',
      'packages/chassis/coverage/a.json',
      'services/orders/a.log',
    ];
    expect(others.filter(isGiven)).to.deep.equal([]);
  });

  it('are built from little', () => {
    const all = globSync('**', { cwd: root, withFileTypes: true, exclude: isSkipped });
    const files = all.filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => relative(root, join(parentPath, name)));
    const given = paths.filter(isGiven);
    const bytes = given.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
    expect(given.length).to.be.within(300, 900);
    expect(bytes).to.be.lessThan(4_000_000);
    expect(given.filter((path) => /secret|\.pem|\.key|\.env|\.faultline/.test(path))).to.deep.equal(
      [],
    );
  });
});
