import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Environment, processEnvironment } from '../local/src/config.ts';
import { measureStart } from './one-start.ts';
import { memoryKind } from './processes.ts';
import { formatReport, type Start, summarise } from './report.ts';

/*
 * `npm run bench:start`: how long the system takes to start and to serve its first page, on an empty
 * data directory and again on the same, and how much memory each part of it uses.
 */
const usage = `Usage: npm run bench:start [-- flags]

  --runs N                     medians of so many runs (default 1)
  --set CONFIGMAP.KEY=VALUE    start with a setting changed; may be repeated
  --json                       answer as one JSON document
  --check                      exit 1 when the budget is broken
  --help                       show this help

Example: npm run bench:start -- --runs 3 --set shop-settings.NODE_OPTIONS=--max-semi-space-size=8
`;

const options = {
  runs: { type: 'string', default: '1' },
  set: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const budget = { firstPageMs: 10_000, memoryMb: 1_300 };
const root = resolve(import.meta.dirname, '..');
const picturesMs = 20_000;

const flags = readFlags();
if (flags === undefined || flags.help) process.stdout.write(usage);
else process.exitCode = await run(flags);

function readFlags() {
  try {
    const { values } = parseArgs({ options });
    if (!/^[1-9]\d?$/.test(values.runs)) {
      throw new Error(`--runs: expected a number from 1 to 99, not '${values.runs}'`);
    }
    return values;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function run(chosen: NonNullable<ReturnType<typeof readFlags>>): Promise<number> {
  const runs: { cold: Start; warm: Start }[] = [];
  while (runs.length < Number(chosen.runs)) runs.push(await runOnce(chosen.set ?? []));
  const report = summarise(runs, { memory: memoryKind, budget });
  process.stdout.write(chosen.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
  return chosen.check && !report.budget.kept ? 1 : 0;
}

async function runOnce(set: readonly string[]): Promise<{ cold: Start; warm: Start }> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  const start = { root, dataDir: join(dir, 'state'), env: ownEnvironment(), set, picturesMs };
  try {
    return { cold: await measureStart(start), warm: await measureStart(start) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Without what a shell may say of telemetry and stores: those would be others than are measured. */
function ownEnvironment(): Environment {
  const foreign = /^(OTEL_|DATABASE_URL|REDIS_URL|PROMETHEUS_URL|NODE_OPTIONS|NODE_COMPILE_CACHE)/;
  return Object.fromEntries(
    Object.entries(processEnvironment()).filter(([name]) => !foreign.test(name)),
  );
}
