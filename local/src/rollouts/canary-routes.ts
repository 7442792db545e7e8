import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Canary, Weights } from './canary.ts';
import { allToPrimary } from './ledger.ts';
import { routeOf } from './route.ts';

/** The HTTPRoutes of all Canaries, as files that the mesh reads like those of the project. */
export class CanaryRoutes {
  /** A folder of manifests. */
  readonly dir: string;
  /** What every proxy has been told. */
  readonly #weights = new Map<string, Weights>();
  /** Canaries whose file may say something else than what the proxies were told last. */
  readonly #unsettled = new Set<string>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Every route as it is between rollouts, whatever an engine before this one left. */
  async reset(canaries: readonly Canary[]): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
    await mkdir(this.dir, { recursive: true });
    await Promise.all(canaries.map((canary) => this.set(canary, allToPrimary, atRest)));
  }

  weightsOf({ name }: Canary): Weights {
    return this.#weights.get(name) ?? allToPrimary;
  }

  /**
   * `follow` lets the proxies know; until it has, the weights are what they were before, and setting
   * any again tells the proxies again. Answers whether anything is different from before.
   */
  async set(canary: Canary, weights: Weights, follow: () => Promise<void>): Promise<boolean> {
    const { name } = canary;
    const before = this.#weights.get(name);
    const isSame = before?.primary === weights.primary && before.canary === weights.canary;
    if (isSame && !this.#unsettled.has(name)) return false;
    this.#unsettled.add(name);
    await this.#write(canary, weights);
    await follow();
    this.#weights.set(name, weights);
    this.#unsettled.delete(name);
    return true;
  }

  async #write(canary: Canary, weights: Weights): Promise<void> {
    const path = join(this.dir, `${canary.name}.yaml`);
    // Read while it is written, half a file would be refused. JSON is YAML.
    await writeFile(`${path}.new`, `${JSON.stringify(routeOf(canary, weights), null, 2)}\n`);
    await rename(`${path}.new`, path);
  }
}

/** Before there are proxies. */
const atRest = () => Promise.resolve();
