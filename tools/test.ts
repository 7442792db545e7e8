import { chmodSync, existsSync, globSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { environmentWith, root } from './config.ts';
import { type Batch, lanesOf, runLanes } from './lanes.ts';
import { closingLine, section } from './run-state.ts';
import { combine, supervise, type Outcome } from './supervise.ts';
import { isInMemory, makeTempFolder } from './temp-folder.ts';

/*
 * `npm test` runs everything; `npm test -- services/orders` the tests of folders or files; any
 * other argument goes to Mocha (`npm test -- --grep refund`).
 */
const everything = [
  'packages',
  'observability',
  'mesh',
  'local',
  'tools',
  'services',
  'bench',
  'examples',
  'test',
];
/** Longer than the longest test: no test has ended for this long, so none will. */
const idleMs = 8 * 60_000;
const totalMs = 45 * 60_000;

const args = process.argv.slice(2);
const paths = args.filter((arg) => existsSync(join(root, arg)));
const rest = args.filter((arg) => !paths.includes(arg));
const chosen = paths.length > 0 ? paths : everything.filter((dir) => existsSync(join(root, dir)));

const startedMs = performance.now();
// Whatever the tests leave behind goes with this.
const tempDir = makeTempFolder(environmentWith({})['TMPDIR']);
// Some tests run programs as another user, who must be able to reach their own folder in it.
chmodSync(tempDir, 0o711);
let isOver = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isOver = true));
const outcome = combine(await runLanes(lanesOf(specs(chosen)), run, () => isOver));
rmSync(tempDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
if (outcome.failures.length > 0) console.log(section('Failed:', outcome.failures));
if (outcome.problem !== undefined) console.log(`✘ ${outcome.problem}`);
console.log(`in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
console.log(closingLine(outcome));
process.exitCode = outcome.failed > 0 ? 1 : 0;

function run(files: Batch): Promise<Outcome> {
  return supervise({
    command: process.execPath,
    args: [join(root, 'node_modules/mocha/bin/mocha.js'), '--forbid-only', ...rest, ...files],
    cwd: root,
    env: {
      TMPDIR: tempDir,
      // PostgreSQL's own user can enter that, as not every folder that somebody may have chosen.
      ...(isInMemory(tempDir) && { FAULTLINE_POSTGRES_STATE: join(tempDir, 'postgres') }),
    },
    idleMs,
    totalMs,
  });
}

/** Listed here: Mocha warns of every folder that has no tests yet. */
function specs(places: string[]): string[] {
  return places.flatMap((place) =>
    statSync(join(root, place)).isDirectory()
      ? globSync(join(place, '**/*.test.ts'), { cwd: root, exclude: isInstalled }).toSorted()
      : [place],
  );
}

function isInstalled(path: string): boolean {
  return path.includes('node_modules');
}
