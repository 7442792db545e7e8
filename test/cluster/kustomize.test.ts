import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { skip } from '../../tools/skip.ts';
import { kustomize, parseManifests } from './support/kustomize.ts';
import { nameOf, type Manifest } from './support/manifest.ts';

const folders = globSync('{deploy,services}/**/kustomization.yaml', {
  cwd: root,
  exclude: (path) => /node_modules|components|services\/.*\/base/.test(path),
})
  .map(dirname)
  .toSorted();

describe('kustomize', function () {
  this.timeout(60_000);

  for (const folder of folders) {
    it(`renders ${folder} as kubectl does`, function () {
      const expected = byName(parseManifests(renderWithKubectl(this, join(root, folder)), folder));
      expect(byName(kustomize(join(root, folder)))).to.deep.equal(expected);
    });
  }
});

function byName(manifests: readonly Manifest[]): Record<string, Manifest> {
  return Object.fromEntries(manifests.map((one) => [nameOf(one), one]));
}

function renderWithKubectl(context: Mocha.Context, dir: string): string {
  const args = ['kustomize', '--load-restrictor', 'LoadRestrictionsNone', dir];
  try {
    return execFileSync('kubectl', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return skip(context, 'there is no kubectl to compare with');
    }
    throw error;
  }
}
