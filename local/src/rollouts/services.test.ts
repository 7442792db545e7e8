import { resolve } from 'node:path';
import { expect } from 'chai';
import { loadManifests } from '../manifests/load.ts';
import { loadCanaries } from './load.ts';
import type { StoredRelease } from './releases/store.ts';
import { primaryTemplate, releaseTemplate, specOf, withCanaryServices } from './templates.ts';

const root = resolve(import.meta.dirname, '../../test/fixtures/canary');

describe('a service under a Canary', () => {
  it('is reached by its own name, and either version by one more', async () => {
    const manifests = await loadManifests(root);
    const canaries = await loadCanaries(root, [resolve(root, 'mesh/canary')]);
    const services = withCanaryServices(manifests, canaries);
    const selectors = services.map(({ name, selector }) => [name, selector]);
    expect(Object.fromEntries(selectors)).to.deep.equal({
      front: { app: 'front' },
      web: { app: 'web-primary' },
      'web-primary': { app: 'web-primary' },
      'web-canary': { app: 'web' },
    });
    const apex = manifests.services.find(({ name }) => name === 'web');
    const now = services.find(({ name }) => name === 'web');
    expect({ ...now, selector: apex?.selector }).to.deep.equal(apex);
  });

  it('runs as the primary of its Deployment, from the code of its release', async () => {
    const { deployments } = await loadManifests(root);
    const web = deployments.find(({ name }) => name === 'web');
    if (web === undefined) throw new Error('expected a Deployment web');
    // Of a release only what a pod is made from.
    const stored = (version: string) =>
      ({
        tree: '/releases/web',
        release: { version, content_hash: 'abc', env: { COLOUR: 'green', VERSION: 'x' } },
      }) as unknown as StoredRelease;
    const next = releaseTemplate(web, stored('2.0.0'));
    expect(next).to.include({ name: 'web', version: '2.0.0', tree: '/releases/web' });
    expect(next.podLabels).to.deep.equal({ app: 'web', 'app.kubernetes.io/version': '2.0.0' });
    expect(next.env).to.deep.equal([
      { name: 'COLOUR', value: 'green' },
      { name: 'VERSION', value: 'x' },
    ]);
    const primary = primaryTemplate(next);
    expect(primary).to.include({ name: 'web-primary', service: 'web' });
    expect(primary.podLabels).to.include({ app: 'web-primary' });
    expect(specOf(primary)).to.equal(specOf(next)).and.not.equal(specOf(web));
    // Going back to what the manifest says is no change.
    expect(specOf(releaseTemplate(web, stored(web.version)))).to.equal(specOf(web));
  });
});
