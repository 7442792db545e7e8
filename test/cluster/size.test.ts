import { type Dirent, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { packagesOf, shared } from '../support/standalone.ts';
import { dockerfile, prunedEndings } from './support/dockerfile.ts';
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
      const ownBytes = await ownSizeOf(service);
      expect(ownBytes / MB).to.be.lessThan(ownMb);
      const nodeBytes = statSync(process.execPath).size;
      expect((ownBytes + nodeBytes) / MB + runtimeMb).to.be.lessThan(limitMb);
    });
  }
});

/** The files that the image of a service has from the checkout, and from what npm installs for it. */
async function ownSizeOf(service: string): Promise<number> {
  const endings = prunedEndings(service);
  expect(endings).to.include('.map');
  const isKept = (name: string) => !endings.some((ending) => name.endsWith(ending));
  const packages = await packagesOf(service);
  return [
    ...[...shared, `services/${service}`].map((folder) => sizeOf(folder, () => true)),
    ...packages.map((folder) => sizeOf(folder, isKept)),
  ].reduce((sum, size) => sum + size, 0);
}

/** Without packages nested in it, which are counted by themselves; nothing for links, as to ours. */
function sizeOf(folder: string, isKept: (name: string) => boolean): number {
  const entries = lstatSync(join(root, folder)).isSymbolicLink() ? [] : list(folder);
  const sizes = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? 0 : sizeOf(path, isKept);
    return entry.isFile() && isKept(entry.name) ? statSync(join(root, path)).size : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

function list(folder: string): Dirent[] {
  return readdirSync(join(root, folder), { withFileTypes: true });
}
