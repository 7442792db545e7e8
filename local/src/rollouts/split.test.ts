import { resolve } from 'node:path';
import { apis } from '@faultline/contracts/edge';
import { pagePaths } from '@faultline/contracts/storefront';
import { loadMeshManifests, parseMeshManifests } from '@faultline/mesh-control/manifests/load';
import { selectRule } from '@faultline/mesh-core/match';
import { compileRoutes } from '@faultline/mesh-proxy/routes';
import { expect } from 'chai';
import { stringify } from 'yaml';
import type { Canary } from './canary.ts';
import { loadCanaries } from './load.ts';
import { routeOf } from './route.ts';
import { findShadows } from './shadow.ts';

const root = resolve(import.meta.dirname, '../../..');

/**
 * What no new version is given a share of: streams last, and what must not be sent twice needs a
 * route that says so. Whoever adds to it takes something away from every rollout.
 */
const notSplit = [
  'catalog POST /internal/v1/products',
  'catalog PUT /internal/v1/products/:id',
  'catalog DELETE /internal/v1/products/:id',
  'inventory PUT /internal/v1/stock/:id',
  'orders GET /api/v1/orders/:id/events',
  'profiles POST /api/v1/accounts',
  'profiles POST /api/v1/me/addresses',
  'storefront GET /orders/:id/events',
  'storefront POST /sign-up',
  'storefront POST /account/addresses',
];

const pages = ['GET', 'HEAD', 'POST'].flatMap((method) =>
  [...Object.values(pagePaths), '/orders/:id/events'].map((path) => {
    return { service: 'storefront', method, path };
  }),
);
const operations = [
  ...Object.entries(apis).flatMap(([service, api]) =>
    api.map(({ method, path }) => {
      return { service, method, path };
    }),
  ),
  ...pages.filter(({ method, path }) => method !== 'HEAD' || !path.endsWith('/events')),
].filter(({ path, method }) => !(method === 'POST' && path.endsWith('/events')));

describe('the shop’s routes', () => {
  let canaries: Canary[];

  before(async () => {
    canaries = await loadCanaries(root, [resolve(root, 'mesh/canary')]);
  });

  const readRoutes = async () =>
    (await loadMeshManifests({ root, dirs: [resolve(root, 'mesh/routes')] })).manifests.routes;

  it('leave to every Canary what it is to split', async () => {
    expect(findShadows(canaries, await readRoutes())).to.deep.equal([]);
  });

  it('keep from a new version only what is listed', async () => {
    const beside = await readRoutes();
    const split = canaries.map((one) => routeOf(one, { primary: 90, canary: 10 }));
    const text = split.map((one) => stringify(one)).join('---\n');
    // A Canary’s route is the youngest: it loses every tie.
    const routes = [...beside, ...parseMeshManifests([{ file: 's', text }]).manifests.routes];
    const left = operations.filter(({ service, method, path }) => {
      const own = routes.filter(({ parents }) => parents.some(({ name }) => name === service));
      const head = { method, path: path.replace(/:\w+/g, 'x'), query: '', authority: service };
      const found = selectRule(
        compileRoutes(own, ({ ref }) => ref.name),
        { ...head, header: () => undefined },
      );
      return found?.rule !== service;
    });
    const names = left.map(({ service, method, path }) => `${service} ${method} ${path}`);
    expect(names).to.have.members(notSplit);
  });
});
