import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Command, flag, main, runAll } from './run.ts';
import { root } from './steps.ts';

/** Until Flagger has made the primaries there is nobody behind the Services; from then on it tells of a version. */
function untilServed(context: string): Command {
  const condition = '--for=jsonpath={.status.lastPromotedSpec}';
  const wait = ['wait', 'canary', '--all', condition, '--timeout=5m'];
  return ['kubectl', '--context', context, '-n', 'shop', ...wait];
}

type Report = { journeys: Record<string, { completed: number; failed: number }> };

/*
 * `node tilt/cluster/journeys.ts --target http://127.0.0.1:8080` sends people through every journey of
 * the shop for a while. It fails when one of them did not get through. With `--canaries-of CONTEXT` it
 * waits until Flagger serves from its own pods.
 */
await main(async () => {
  const target = flag(process.argv, '--target');
  if (process.argv.includes('--canaries-of')) {
    await runAll([untilServed(flag(process.argv, '--canaries-of'))]);
  }
  const args = [
    'load',
    '--json',
    '--target',
    target,
    '--rps',
    '5',
    '--duration',
    '30s',
    '--seed',
    '1',
  ];
  const faultline = join(root, 'local/bin/faultline.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [faultline, ...args]);
  // The program is ours.
  const { journeys } = JSON.parse(stdout) as Report;
  for (const [name, { completed, failed }] of Object.entries(journeys)) {
    process.stdout.write(`${name}: ${completed} got through, ${failed} did not\n`);
    if (failed > 0) process.exitCode = 1;
  }
});
