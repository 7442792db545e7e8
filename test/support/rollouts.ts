import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@faultline/chassis/testing/eventually';
import type { RolloutReport } from '../../local/src/rollouts/report.ts';
import { root, type System } from './system.ts';

/** A patch of `examples/releases`, as a deploy takes it. */
async function patchOf(name: string): Promise<{ name: string; text: string }> {
  const text = await readFile(join(root, 'examples/releases', `${name}.patch`), 'utf8');
  return { name, text };
}

/** Deploys a version of the catalog that its own tests would have stopped. */
export async function deploysPatch(system: System, name: string): Promise<void> {
  const patch = await patchOf(name);
  await system.engine.deploy({ service: 'catalog', patch, skip: ['tests'] });
}

/** The report of the catalog's rollout once it is over; calls `onLook` before every look. */
export function rolloutEnds(
  system: System,
  options: { onLook?: () => Promise<unknown> } = {},
): Promise<RolloutReport> {
  return eventually(async () => {
    await options.onLook?.();
    const { report, phase, message } = await system.engine.rollout('catalog');
    if (report !== null && report.ended_at !== null) return report;
    throw new Error(`the rollout is ${phase}: ${message}`);
  }, 90_000);
}
