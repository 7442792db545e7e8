import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { Tree } from '../support/standalone.ts';
import { dockerfile, prune } from './support/dockerfile.ts';
import { services } from './support/overlays.ts';

const MB = 1_000_000;
/** glibc, libstdc++, OpenSSL, time zones and certificates, by what Debian says they take. */
const runtimeMb = 30;
const limitMb = 250;
/** What a service brings along: packages, sources, bundles. */
const ceilingsMb: Readonly<Record<string, number>> = { images: 61 };
const ceilingMb = 42;

describe('an image’s size', function () {
  this.timeout(120_000);

  it('is reckoned with the Node.js that the images have', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: { node: string };
    };
    for (const service of services) {
      expect(dockerfile(service)).to.include(`ARG NODE=node:${dependencies.node}-`);
    }
  });

  for (const service of services) {
    const ownMb = ceilingsMb[service] ?? ceilingMb;
    it(`of ${service} is below ${limitMb} MB, of which at most ${ownMb} are its own`, async () => {
      await using tree = await Tree.assemble(service);
      prune(service, tree.dir);
      const ownBytes = await sizeOf(tree.dir);
      expect(ownBytes / MB).to.be.lessThan(ownMb);
      const nodeBytes = statSync(process.execPath).size;
      expect((ownBytes + nodeBytes) / MB + runtimeMb).to.be.lessThan(limitMb);
    });
  }
});

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
