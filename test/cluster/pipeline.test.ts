import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { z } from 'zod';
import { changedServices } from '../../tilt/cluster/changed.ts';
import { root } from '../../tools/config.ts';
import { services } from './support/overlays.ts';

const workflow = z.object({
  permissions: z.strictObject({}),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.enum(['read', 'write'])),
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

describe('the pipeline', () => {
  const { jobs } = workflow.parse(
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
