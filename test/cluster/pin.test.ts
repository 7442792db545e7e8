import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pin, pinned, readRelease, renamed } from '../../tilt/cluster/pin.ts';
import { TempDir } from '../../local/test/temp-dir.ts';
import { root } from '../../tools/config.ts';
import { check } from './support/environments.ts';
import { renderEnvironment, services } from './support/overlays.ts';
import { readResources } from './support/resources.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const image = `ghcr.io/somebody/orders@${digest}`;

describe('a release that is pinned', function () {
  this.timeout(60_000);

  it('is what every pod of the service runs, by its digest, under its version', () => {
    using dir = new TempDir();
    copyManifests(dir);
    for (const service of services) {
      // Twice: the second finds what the first wrote.
      for (const version of ['0e1', '3f2c1a9b8d7e']) {
        pin(dir.path, readRelease(service, `ghcr.io/somebody/${service}@${digest}`, version));
      }
    }
    const rendered = renderEnvironment('prod', dir.path);
    expect(check('prod', rendered)).to.deep.equal([]);
    const { Deployment, Job } = readResources(rendered).resources;
    const shop = [...Deployment, ...Job].filter(({ metadata }) => metadata.namespace === 'shop');
    expect(shop).to.have.length(services.length + 7);
    for (const { metadata, spec } of shop) {
      const [service] = /^[a-z]+/.exec(metadata.name) ?? [];
      expect(spec.template.spec.containers.map((one) => one.image)).to.deep.equal([
        `ghcr.io/somebody/${service}@${digest}`,
      ]);
      const { labels } = spec.template.metadata;
      expect(labels['app.kubernetes.io/version']).to.equal('3f2c1a9b8d7e');
    }
    expect(Job.map(({ metadata }) => metadata.name)).to.include('orders-migrations-0123456789ab');
  });

  it('of one service changes no other', () => {
    using dir = new TempDir();
    copyManifests(dir);
    pin(dir.path, readRelease('orders', image, '1.1.0'));
    const before = new Set(renderEnvironment('prod').map((one) => JSON.stringify(one)));
    const changed = renderEnvironment('prod', dir.path).filter(
      (one) => !before.has(JSON.stringify(one)),
    );
    expect(changed.map(({ kind }) => kind).toSorted()).to.deep.equal(['Deployment', 'Job']);
  });

  it('has a digest, and a version that can be a label', () => {
    expect(() => readRelease('orders', 'ghcr.io/somebody/orders:1.1.0', '1.1.0')).to.throw(
      /with its digest/,
    );
    expect(() => readRelease('orders', image, 'a b')).to.throw(/can be a label/);
    expect(() => readRelease('orders', `${image}\n$(id)`, '1')).to.throw(/with its digest/);
  });

  it('is refused by a kustomization that is written otherwise', () => {
    const release = readRelease('orders', image, '1.1.0');
    expect(() => pinned('resources: []\n', release)).to.throw(/expected .*images/);
    expect(() => renamed('resources: []\n', release)).to.throw(/expected .*nameSuffix/);
  });
});

function copyManifests(dir: TempDir): void {
  for (const path of ['deploy', 'mesh', 'services', 'observability']) {
    cpSync(join(root, path), dir.join(path), {
      recursive: true,
      filter: (source) => !/node_modules|\/(src|test|dist|web|public|sandbox)(\/|$)/.test(source),
    });
  }
}
