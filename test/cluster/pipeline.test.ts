import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { changedServices } from '../../tilt/cluster/changed.ts';
import { root } from '../../tools/config.ts';
import { dockerfile } from './support/dockerfile.ts';
import { services } from './support/overlays.ts';

const workflow = z.object({
  on: z.object({ push: z.object({ paths: z.array(z.string()) }) }),
  permissions: z.strictObject({}),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.enum(['read', 'write'])),
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      steps: z.array(
        z.object({
          uses: z.string().optional(),
          run: z.string().optional(),
          with: z.record(z.string(), z.unknown()).default({}),
        }),
      ),
    }),
  ),
});

describe('the pipeline', () => {
  const { jobs, on } = workflow.parse(
    parse(readFileSync(join(root, '.github/workflows/release.yaml'), 'utf8')),
  );

  it('builds one service when one changes, and all when what they share does', () => {
    for (const name of services) {
      expect(changedServices([`services/${name}/src/main.ts`], services)).to.deep.equal([name]);
    }
    expect(changedServices(['packages/chassis/src/app.ts'], services)).to.deep.equal(services);
    expect(changedServices(['package-lock.json'], services)).to.deep.equal(services);
  });

  it('builds nothing when only tests, manifests or words change', () => {
    const paths = ['services/orders/test/a.ts', 'services/orders/src/b.test.ts', 'README.md', ''];
    expect(
      changedServices([...paths, 'services/orders/deploy/orders.yaml'], services),
    ).to.deep.equal([]);
    expect(changedServices(['services/ordersx/src/main.ts'], services)).to.deep.equal([]);
  });

  it('is started by all that a Dockerfile copies, and builds the services that copy it', () => {
    for (const service of services) {
      for (const [, sources = ''] of dockerfile(service).matchAll(
        /^COPY (?!.*--from)(.+) \S+$/gm,
      )) {
        const paths = sources.split(' ').filter((word) => !word.startsWith('--'));
        // What it says of dependencies is in the lockfile, and the rest goes into no image.
        for (const path of paths.filter((one) => one !== 'package.json')) {
          const file = path.endsWith('.json') ? path : `${path}/a.ts`;
          expect(
            on.push.paths.some((glob) => matchesGlob(file, glob)),
            file,
          ).to.equal(true);
          expect(changedServices([file], services), file).to.include(service);
        }
      }
    }
  });

  it('gives every image a list of its parts, and rolls out what it has scanned and signed', () => {
    const steps = jobs['image']?.steps ?? [];
    const build = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action'));
    expect(build?.with).to.include({ sbom: true, provenance: 'mode=max', push: true });
    const order = steps.map(({ uses, run }) => uses ?? run ?? '');
    const wanted = [/build-push/, /trivy/, /cosign sign/, /upload-artifact/];
    const places = wanted.map((what) => order.findIndex((one) => what.test(one)));
    expect(places).to.deep.equal(places.toSorted((left, right) => left - right));
    expect(places[0]).to.be.greaterThan(-1);
    const written = jobs['roll-out']?.steps.flatMap(({ run }) => run ?? []).join('\n');
    expect(written).to.match(/node tilt\/cluster\/pin\.ts "\$\(basename "\$file"\)" "\$\(cat/);
  });

  it('needs only jobs that are there, and puts no text of others into a shell', () => {
    for (const { needs = [], steps } of Object.values(jobs)) {
      expect(Object.keys(jobs)).to.include.members([needs].flat());
      for (const { uses, run } of steps) {
        expect(run ?? '').not.to.match(/\$\{\{/);
        if (uses !== undefined) expect(uses).to.match(/^[\w-]+\/[\w-]+@v?\d[\d.]*$/);
      }
    }
  });

  it('gives each job no more than it needs', () => {
    const writers = Object.entries(jobs).filter(
      ([, job]) => job.permissions['contents'] === 'write',
    );
    expect(writers.map(([name]) => name)).to.deep.equal(['roll-out']);
  });
});
