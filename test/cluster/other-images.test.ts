import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { root } from '../../tools/config.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources } from './support/resources.ts';

/** Images of what is no service, by the name of their Deployment. */
const images: readonly { name: string; dockerfile: string; workspace: string }[] = [
  {
    name: 'trace-store',
    dockerfile: 'deploy/observability/trace-store.Dockerfile',
    workspace: 'observability/store',
  },
  {
    name: 'load-generator',
    dockerfile: 'deploy/load/load-generator.Dockerfile',
    workspace: 'bench/load',
  },
];

type Package = { name: string; dependencies?: Record<string, string> };

const folders = new Map(
  globSync(['packages/*', 'observability/*', 'mesh/*', 'bench/load'], { cwd: root })
    .filter((folder) => globSync(`${folder}/package.json`, { cwd: root }).length > 0)
    .map((folder) => [readPackage(folder).name, folder]),
);

function readPackage(folder: string): Package {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

/** Our own packages that one needs, by their folders. */
function neededBy(folder: string, seen = new Set<string>()): Set<string> {
  for (const name of Object.keys(readPackage(folder).dependencies ?? {})) {
    const needed = folders.get(name);
    if (needed === undefined || seen.has(needed)) continue;
    seen.add(needed);
    neededBy(needed, seen);
  }
  return seen;
}

function read(dockerfile: string) {
  const lines = readFileSync(join(root, dockerfile), 'utf8').split('\n');
  const copied = lines
    .filter((line) => /^COPY (?!--from)/.test(line))
    .map((line) => line.split(' ')[1] ?? '');
  return { text: lines.join('\n'), copied };
}

describe('an image of what is no service', () => {
  for (const { name, dockerfile, workspace } of images) {
    it(`has all parts of ${name}, and no others of ours`, () => {
      const { copied, text } = read(dockerfile);
      const has = (path: string) =>
        copied.some((one) => one === path || path.startsWith(`${one}/`));
      const wanted = [...neededBy(workspace), workspace];
      expect(wanted.filter((folder) => !has(`${folder}/src`))).to.deep.equal([]);
      const ours = copied.filter((path) => [...folders.values()].includes(path));
      expect(ours.filter((path) => !wanted.includes(path))).to.deep.equal([]);
      // Pages are no part of the sources.
      for (const folder of wanted.filter((one) => existsSync(join(root, one, 'web')))) {
        expect(text).to.include(`COPY --from=bundles /app/${folder}/dist ${folder}/dist`);
      }
      // What npm installs before the sources are there.
      expect(wanted.filter((folder) => !has(`${folder}/package.json`))).to.deep.equal([]);
    });

    it(`runs ${name} as its Deployment does, as somebody who is not root`, () => {
      const { text } = read(dockerfile);
      const { Deployment } = readResources(renderEnvironment('dev')).resources;
      const found = Deployment.find(({ metadata }) => metadata.name === name);
      const [container] = found?.spec.template.spec.containers ?? [];
      expect(container?.image).to.match(new RegExp(`^ghcr.io/faultline/${name}:`));
      const command = /^CMD (.*)$/m.exec(text)?.[1] ?? '';
      expect(container?.command).to.deep.equal(JSON.parse(command));
      expect(text).to.include(`USER 1000\nWORKDIR /app/${workspace}\nCMD `);
      const [program = ''] = container?.command?.slice(1) ?? [];
      expect(globSync(join(workspace, program), { cwd: root }), dirname(program)).not.to.be.empty;
    });
  }
});
