import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { renderEnvironment, services } from './support/overlays.ts';
import { splitImage } from './support/kustomize.ts';
import { readResources } from './support/resources.ts';

type Stage = { name: string; lines: string[] };

function dockerfile(service: string): string {
  return readFileSync(join(root, 'services', service, 'Dockerfile'), 'utf8');
}

function stagesOf(text: string): Stage[] {
  return text.split(/^(?=FROM )/m).flatMap((part) => {
    const [head = '', ...lines] = part.split('\n').filter((line) => /^[A-Z]+ /.test(line));
    if (!head.startsWith('FROM ')) return [];
    return [{ name: / AS (\w+)$/.exec(head)?.[1] ?? 'image', lines: [head, ...lines] }];
  });
}

function commandOf(stage: Stage | undefined): unknown {
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
      'mesh/core/package.json',
      'services/orders/test/a.ts',
      'services/orders/src/a.test.ts',
      'services/orders/deploy/orders.yaml',
      'services/storefront/dist/a.js',
    ];
    expect(others.filter(isGiven)).to.deep.equal([]);
  });
});
