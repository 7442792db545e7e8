import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../engine-error.ts';
import { findIncompatibilities, type Incompatibility, type Party } from '../contracts/compare.ts';
import type { ContractReader } from '../contracts/reader.ts';
import { readUsage } from '../contracts/usage.ts';
import { run } from './run.ts';
import { nearestModules, writeCompilerOptions } from './tree.ts';

export type Check = { tree: string; root: string; service: string; signal?: AbortSignal };

/** Why a release must not be run. */
export class ReleaseRefused extends EngineError {
  readonly check: 'typecheck' | 'tests' | 'contracts';

  constructor(check: ReleaseRefused['check'], reason: string) {
    super(reason);
    this.check = check;
  }
}

/** Throws `ReleaseRefused` with what the compiler says. */
export async function checkTypes({ tree, root, service, signal }: Check): Promise<void> {
  // Without options nobody says what sound is.
  if (!existsSync(join(root, 'tsconfig.json'))) return;
  const config = await writeCompilerOptions(tree, { root, service });
  const compiler = join(nearestModules(root), '.bin/tsc');
  // Several checkers side by side each work out the same types: twice the work, while the shop runs.
  const args = ['--noEmit', '--pretty', 'false', '--checkers', '1', '-p', config];
  const { code, output } = await run(compiler, args, { cwd: tree, ...(signal && { signal }) });
  if (code === 0) return;
  throw new ReleaseRefused('typecheck', `${service} does not typecheck:\n${output.trim()}`);
}

/** Runs the service's own tests from the snapshot. Throws `ReleaseRefused` with what they say. */
export async function runTests({ tree, root, service, signal }: Check): Promise<void> {
  const runner = join(nearestModules(root), '.bin/mocha');
  const spec = join(tree, 'services', service, '**/*.test.ts');
  const options = join(root, '.mocharc.json');
  const config = existsSync(options) ? ['--config', options] : [];
  const args = [...config, '--spec', spec];
  const { code, output } = await run(runner, args, { cwd: root, ...(signal && { signal }) });
  if (code === 0) return;
  const said = output.trim().split('\n').slice(-40).join('\n');
  throw new ReleaseRefused('tests', `${service}’s own tests fail:\n${said}`);
}

/** A version of a service that runs: where its code is. */
export type Running = { service: string; version: string; tree: string };

/**
 * Whether a version can run beside those that run now. Throws `ReleaseRefused` with all that would
 * break.
 */
export async function checkContracts(
  next: Running,
  { running, reader }: { running: readonly Running[]; reader: ContractReader },
): Promise<void> {
  const toParty = async ({ service, version, tree }: Running): Promise<Party> => {
    const contracts = await reader.read(tree).catch((error: Error) => {
      throw new ReleaseRefused('contracts', `the contracts cannot be read:\n${error.message}`);
    });
    return { service, version, contracts, usage: await readUsage(tree, service) };
  };
  const parties = await Promise.all(running.map(toParty));
  const found = findIncompatibilities(await toParty(next), parties);
  if (found.length === 0) return;
  const lines = found.map(describe).join('\n');
  const advice = 'First let every side take both forms, then give up the old one.';
  throw new ReleaseRefused(
    'contracts',
    `${next.service} ${next.version} does not get along with what runs:\n${lines}\n${advice}`,
  );
}

function describe({ who, what, why }: Incompatibility): string {
  return `  ${who}: ${what}: ${why}`;
}
