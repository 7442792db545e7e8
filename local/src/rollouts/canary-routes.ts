import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Canary, Weights } from './canary.ts';
import { allToPrimary } from './ledger.ts';
import { routeOf } from './route.ts';

/** The HTTPRoutes of all Canaries, as files that the mesh reads like those of the project. */
export class CanaryRoutes {
  /** A folder of manifests. */
  readonly dir: string;
  readonly #weights = new Map<string, Weights>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Every route as it is between rollouts, whatever an engine before this one left. */
  async reset(canaries: readonly Canary[]): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
    await mkdir(this.dir, { recursive: true });
    await Promise.all(canaries.map((canary) => this.set(canary, allToPrimary)));
  }

  weightsOf({ name }: Canary): Weights {
    return this.#weights.get(name) ?? allToPrimary;
  }

  /** Answers whether anything is different from before. */
  async set(canary: Canary, weights: Weights): Promise<boolean> {
    const before = this.#weights.get(canary.name);
    if (before?.primary === weights.primary && before.canary === weights.canary) return false;
    const path = join(this.dir, `${canary.name}.yaml`);
    // Read while it is written, half a file would be refused. JSON is YAML.
    await writeFile(`${path}.new`, `${JSON.stringify(routeOf(canary, weights), null, 2)}\n`);
    await rename(`${path}.new`, path);
    this.#weights.set(canary.name, weights);
    return true;
  }
}
