import { join } from 'node:path';
import { run } from '../releases/run.ts';
import { contentHash } from '../releases/tree.ts';
import { type ContractsDescription, contractsDescription } from './description.ts';

const program = join(import.meta.dirname, 'describe-main.ts');
const contracts = [{ name: '@faultline/contracts', folder: 'packages/contracts' }];

/**
 * Describes the contracts of source trees, the same ones once: it takes a process each time, and
 * most releases change none.
 */
export class ContractReader {
  readonly #known = new Map<string, Promise<ContractsDescription>>();

  /** Throws with what the process says when the contracts cannot be read. */
  async read(tree: string): Promise<ContractsDescription> {
    // A project may be without contracts.
    const content = await contentHash(tree, contracts).catch(() => undefined);
    if (content === undefined) return {};
    const known = this.#known.get(content) ?? describeContracts(tree);
    this.#known.set(content, known);
    // The next one may fare better: it may have been a lack of memory.
    known.catch(() => this.#known.delete(content));
    return known;
  }
}

async function describeContracts(tree: string): Promise<ContractsDescription> {
  const { code, output } = await run(process.execPath, [program, tree], { cwd: tree });
  if (code === 0) return contractsDescription.parse(JSON.parse(output));
  throw new Error(output.trim());
}
