// @ts-check
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundles.mjs';
import { checkout, userEnvironment } from './config.mjs';
import { gatherFacts, stampPath } from './facts.mjs';
import { isExecutable } from './files.mjs';
import { installCommand } from './install.mjs';
import { withLock } from './lock.mjs';
import { explain, planSetup } from './plan.mjs';
import { createProgress } from './progress.mjs';
import { run as runCommand } from './run.mjs';

/**
 * @typedef {import('./plan.mjs').Step} Step
 * @typedef {import('./plan.mjs').Facts} Facts
 * @typedef {{root: string, env: Record<string, string | undefined>, tests: boolean,
 *   run: import('./run.mjs').Run, progress: ReturnType<typeof createProgress>}} Context
 */

/** A step that failed for a reason the user can do something about. */
class SetupError extends Error {}

/**
 * Makes the checkout ready to run; does nothing, quickly, when it is.
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function main(args) {
  const unknown = args.find((arg) => arg !== '--tests');
  if (unknown !== undefined) {
    console.error(`Unknown argument ${unknown}; set-up knows --tests only`);
    return 2;
  }
  const progress = createProgress(process.stdout);
  const tests = args.includes('--tests');
  try {
    await setUp({ root: checkout, env: userEnvironment(), tests, run: runCommand, progress });
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** @param {Context} context */
async function setUp(context) {
  const first = planSetup(await gatherFacts(context));
  for (const note of first.notes) context.progress.line(note);
  if (first.problems.length > 0) throw new SetupError(first.problems.join('\n'));
  if (first.steps.length === 0) return;

  const work = async () => {
    // Somebody else may have done it while we waited for the lock.
    const facts = await gatherFacts(context);
    const { steps } = planSetup(facts);
    for (const step of steps) await perform(step, facts, context);
    if (steps.some((step) => step.do === 'npm-ci')) {
      await context.progress.step('Compiling', () => warmCompileCache(context));
    }
    verify(await gatherFacts(context));
  };
  await withLock(join(context.root, '.faultline/setup.lock'), work, (owner) => {
    const who = owner === null ? '' : ` (process ${owner.pid})`;
    context.progress.line(`Waiting for another set-up of this checkout${who}`);
  });
}

/**
 * @param {Step} step
 * @param {Facts} facts
 * @param {Context} context
 */
async function perform(step, facts, context) {
  const { root, progress } = context;
  switch (step.do) {
    case 'stamp':
      return writeStamp(root, facts);
    case 'npm-ci':
      await progress.step(`Installing packages: ${step.why}`, () => installPackages(context));
      return writeStamp(root, facts);
    case 'install':
      return installPrograms(step, facts, context);
    case 'bundle':
      return progress.step(`Bundling ${step.dir}`, () => bundle(root, step.dir));
  }
}

/** @param {Context} context */
async function installPackages({ root, env, run }) {
  const npm = env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await (npm === undefined
    ? run('npm', args, { cwd: root, env })
    : run(process.execPath, [npm, ...args], { cwd: root, env }));
  if (code === 0 && isExecutable(join(root, 'node_modules/.bin/node'))) return;
  if (code === 0) {
    throw new SetupError(
      'npm ci installed no Node.js: the install script of the package `node` did not run.\n' +
        'Allow install scripts (npm config set ignore-scripts false) and run the command again.',
    );
  }
  throw new SetupError(
    `${output.trim()}\nInstalling the packages failed: npm ci ended with code ${code}.\n` +
      'It needs the npm registry (or your mirror in .npmrc) and 1 GB of disk; run `npm ci` to retry.',
  );
}

/**
 * Only saves time: whatever fails here is compiled when it is needed.
 * @param {Context} context
 */
async function warmCompileCache({ root, env, run }) {
  const modules = join(root, 'node_modules');
  const cache = { NODE_COMPILE_CACHE: join(modules, '.cache/faultline') };
  await run(join(modules, '.bin/node'), ['tools/warm.ts'], {
    cwd: root,
    env: { ...env, ...cache },
  });
}

/**
 * @param {Extract<Step, {do: 'install'}>} step
 * @param {Facts} facts
 * @param {Context} context
 */
async function installPrograms(step, facts, { root, env, run, progress }) {
  const names = step.programs.map(({ id }) => id);
  const [command, args] = installCommand(step);
  const install = async () => {
    const { code, output } = await run(command, args, { env });
    if (code === 0) return;
    const tail = output.trim().split('\n').slice(-15);
    const advice = step.programs.map((program) => explain(program, facts));
    throw new SetupError(
      [...tail, `${step.manager} could not install ${names.join(', ')}.`, ...advice].join('\n'),
    );
  };
  try {
    await progress.step(`Installing ${names.join(', ')}`, install);
  } catch (error) {
    if (!step.optional || !(error instanceof SetupError)) throw error;
    progress.line(error.message);
    const tried = Object.fromEntries(names.map((name) => [name, facts.nowMs]));
    writeStamp(root, facts, { ...facts.stamp?.triedAtMs, ...tried });
  }
}

/**
 * An installer may report success and yet leave nothing that can be run.
 * @param {Facts} facts
 */
function verify(facts) {
  const missing = facts.programs.filter((program) => !program.available && !program.optional);
  if (missing.length === 0) return;
  const advice = missing.map((program) => explain(program, facts));
  throw new SetupError(['Installed, but still not on PATH:', ...advice].join('\n'));
}

/**
 * @param {string} root
 * @param {Facts} facts
 * @param {Record<string, number>} [triedAtMs]
 */
function writeStamp(root, { lockHash, platform, arch, stamp }, triedAtMs = stamp?.triedAtMs ?? {}) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampPath(root), JSON.stringify({ lockHash, platform, arch, triedAtMs }));
}
