import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadManifests } from '../local/src/manifests/load.ts';
import type { Manifests } from '../local/src/manifests/model.ts';
import { root } from '../tools/config.ts';
import { copyManifests, packagesOf, spread, Tree } from './support/standalone.ts';

/** What was found out about a service alone. */
type Alone = {
  services: string[];
  /** Names of our own packages. */
  own: string[];
  /** Names of packages that others, and not this service, ask for. */
  foreign: string[];
  /** Exit codes, by Deployment. */
  ended: Record<string, number | null>;
};

const services = readdirSync(join(root, 'services'));

describe('a service alone', function () {
  this.timeout(180_000);
  let found: Map<string, Promise<Alone>>;

  before(async () => {
    const manifests = await loadManifests(root);
    found = spread(services, { width: 2, work: (service) => tryAlone(service, manifests) });
  });

  for (const service of services) {
    it(`${service} installs, gets ready and stops with nothing else of ours`, async () => {
      const alone = await found.get(service);
      expect(alone?.services).to.deep.equal([service]);
      expect(alone?.own).to.have.members(['chassis', 'contracts', 'telemetry', service]);
      expect(alone?.foreign).to.deep.equal([]);
      expect(alone?.ended).to.include({ [service]: 0 });
      expect(new Set(Object.values(alone?.ended ?? {}))).to.deep.equal(new Set([0]));
    });

    it(`${service} can be deleted: the manifests of the others stand without it`, async () => {
      const others = services.filter((name) => name !== service);
      const dir = await copyManifests(others);
      try {
        const { deployments } = await loadManifests(dir);
        expect(new Set(deployments.map(({ folder }) => folder))).to.deep.equal(new Set(others));
      } finally {
        await rm(dir, { recursive: true });
      }
    });
  }
});

async function tryAlone(service: string, manifests: Manifests): Promise<Alone> {
  await using tree = await Tree.assemble(service);
  const names = (await packagesOf(service)).map((path) => path.replace('node_modules/', ''));
  const foreign = await foreignTo(service);
  const ended: Alone['ended'] = {};
  for (const deployment of manifests.deployments.filter(({ folder }) => folder === service)) {
    ended[deployment.name] = await tree.run(deployment, manifests);
  }
  return {
    services: await tree.services(),
    own: names.flatMap((name) => /^@faultline\/(.+)$/.exec(name)?.[1] ?? []),
    foreign: names.filter((name) => foreign.has(name)),
    ended,
  };
}

/** What other services depend on, and neither this one nor what all of them share. */
async function foreignTo(service: string): Promise<Set<string>> {
  const shared = ['packages/chassis', 'packages/contracts', 'observability/telemetry'];
  const own = await dependenciesOf([`services/${service}`, ...shared]);
  const others = services.filter((name) => name !== service).map((name) => `services/${name}`);
  return (await dependenciesOf(others)).difference(own);
}

async function dependenciesOf(folders: readonly string[]): Promise<Set<string>> {
  const all = await Promise.all(
    folders.map(async (folder) => {
      const text = await readFile(join(root, folder, 'package.json'), 'utf8');
      // npm has read it before us.
      const { dependencies } = JSON.parse(text) as { dependencies?: Record<string, string> };
      return Object.keys(dependencies ?? {});
    }),
  );
  return new Set(all.flat());
}
