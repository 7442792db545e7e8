import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { CanaryRoutes } from './canary-routes.ts';
import { canaryOf } from './testing/world.ts';

const canary = canaryOf('{ interval: 10s, stepWeight: 20, threshold: 2 }');
const split = { primary: 80, canary: 20 };
const whole = { primary: 100, canary: 0 };

describe('the routes of canaries', () => {
  let dir: TempDir;
  let routes: CanaryRoutes;
  /** How often the proxies were told, and what goes wrong with it. */
  let told: number;
  let problem: Error | undefined;

  const follow = async () => {
    told += 1;
    if (problem !== undefined) throw problem;
  };

  beforeEach(async () => {
    dir = new TempDir();
    routes = new CanaryRoutes(join(dir.path, 'routes'));
    await routes.reset([canary]);
    told = 0;
    problem = undefined;
  });

  afterEach(() => dir[Symbol.dispose]());

  it('are told to the proxies when they differ, and only then', async () => {
    expect(await routes.set(canary, whole, follow)).to.equal(false);
    expect(await routes.set(canary, split, follow)).to.equal(true);
    expect(await routes.set(canary, split, follow)).to.equal(false);
    expect(told).to.equal(1);
    expect(routes.weightsOf(canary)).to.deep.equal(split);
  });

  it('are told again when the proxies could not be told, whatever they are by then', async () => {
    for (const next of [split, whole]) {
      told = 0;
      problem = new Error('the mesh cannot be reloaded');
      expect(await routes.set(canary, split, follow).catch(String)).to.include('reloaded');
      expect(routes.weightsOf(canary)).to.deep.equal(whole);
      problem = undefined;
      expect(await routes.set(canary, next, follow)).to.equal(true);
      expect(told).to.equal(2);
      expect(routes.weightsOf(canary)).to.deep.equal(next);
      const file = await readFile(join(routes.dir, 'podinfo.yaml'), 'utf8');
      expect(file.includes('"weight": 20')).to.equal(next === split);
      await routes.set(canary, whole, follow);
    }
  });
});
