import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { traffic } from './support/broken/traffic.ts';
import { workloads } from './support/broken/workloads.ts';
import { applyJsonPatch } from './support/json-patch.ts';
import { check } from './support/environments.ts';
import { parseManifests } from './support/kustomize.ts';
import { type Manifest, nameOf } from './support/manifest.ts';
import { renderEnvironment } from './support/overlays.ts';

type Environment = 'dev' | 'prod';

const container = '/spec/template/spec/containers/0';

describe('manifests of the cluster', function () {
  this.timeout(60_000);
  const rendered: Record<Environment, Manifest[]> = { dev: [], prod: [] };

  before(() => {
    rendered.dev = renderEnvironment('dev');
    rendered.prod = renderEnvironment('prod');
  });

  for (const environment of ['dev', 'prod'] as const) {
    it(`of ${environment} fit their schemas and each other`, () => {
      expect(check(environment, rendered[environment])).to.deep.equal([]);
    });
  }

  for (const [what, patch, expected] of [...workloads, ...traffic]) {
    it(`are refused when ${what} is broken by ${patch}`, () => {
      const found = check('prod', breakOne(rendered.prod, what, patch));
      expect(found.map(({ message }) => message).filter((text) => expected.test(text))).not.to.be
        .empty;
    });
  }

  it('are refused when one exists twice, or is let off without need', () => {
    const [first] = rendered.prod;
    const twice = check('prod', first ? [...rendered.prod, first] : []);
    expect(twice.map(({ message }) => message)).to.include('exists twice');
    const hardened = breakOne(
      rendered.dev,
      'Deployment shop/orders',
      `{ op: replace, path: ${container}/securityContext/readOnlyRootFilesystem, value: true }`,
    );
    expect(check('dev', hardened)).to.deep.equal([
      { what: 'writable root: Deployment orders', message: 'is exempted without need' },
    ]);
  });
});

function breakOne(all: readonly Manifest[], what: string, patch: string): Manifest[] {
  expect(all.map(nameOf)).to.include(what);
  const operation: unknown = parseDocument(patch).toJS();
  return all.map((one) => {
    if (nameOf(one) !== what) return one;
    const text = JSON.stringify(applyJsonPatch(one, [operation]));
    return parseManifests(text, what)[0] ?? one;
  });
}
