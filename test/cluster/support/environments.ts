import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSecrets } from '../../../tilt/cluster/secrets.ts';
import { root } from '../../../tools/config.ts';
import type { Exemptions } from './checks/security.ts';
import { checkJobs } from './checks/jobs.ts';
import { checkMesh } from './checks/mesh.ts';
import { checkNetwork } from './checks/network.ts';
import { checkReferences, type KnownSecrets } from './checks/references.ts';
import { checkScaling } from './checks/scaling.ts';
import { checkSecurity } from './checks/security.ts';
import { checkSidecars } from './checks/sidecars.ts';
import type { Manifest, Problem } from './manifest.ts';
import { services } from './overlays.ts';
import { readResources, type Resources } from './resources.ts';

/** Secrets of a production cluster that no operator makes: docs/cluster.md asks for them. */
const externalSecrets = ['shop-redis/url', 'profiles-signing-key/jwk', 'payments-provider/url'];

const reads: Exemptions = new Map([
  ['service account token: Deployment prometheus', 'it asks the API which pods there are'],
]);

const liveUpdated: Exemptions = new Map(
  services.map((name) => [
    `writable root: Deployment ${name}`,
    'live update writes into the image',
  ]),
);

const provider = 'writable root: Deployment payment-provider';

const exemptions: Readonly<Record<'dev' | 'prod', Exemptions>> = {
  dev: new Map([...reads, ...liveUpdated, [provider, 'live update writes into the image']]),
  prod: reads,
};

/** The keys of Secrets that an environment has besides its manifests. */
function secretsOf(environment: 'dev' | 'prod', { Cluster }: Resources): KnownSecrets {
  if (environment === 'prod') {
    const made = Cluster.map(({ metadata }) => `${metadata.name}-app/uri`);
    return new Set([...externalSecrets, ...made]);
  }
  const files = globSync('services/*/deploy/*.yaml', { cwd: root });
  const made = makeSecrets(files.map((file) => readFileSync(join(root, file), 'utf8')));
  return new Set(
    made.flatMap(({ name, values }) => Object.keys(values).map((key) => `${name}/${key}`)),
  );
}

/** All that is wrong with an environment's manifests. */
export function check(environment: 'dev' | 'prod', manifests: readonly Manifest[]): Problem[] {
  const { resources, problems } = readResources(manifests);
  // What does not fit its schema is missing, and would be reported wherever it is named.
  if (problems.length > 0) return problems;
  return [
    ...checkReferences(resources, secretsOf(environment, resources)),
    ...checkSecurity(resources, exemptions[environment]),
    ...checkJobs(resources),
    ...checkMesh(resources, manifests),
    ...checkNetwork(resources),
    ...checkSidecars(resources),
    ...checkScaling(resources),
  ];
}
