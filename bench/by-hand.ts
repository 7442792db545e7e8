import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '@faultline/chassis/clock';
import { formatTable } from '../local/src/ui/table.ts';
import { type Case, cases } from './by-hand/cases.ts';
import { Hands, type Said } from './by-hand/hands.ts';
import { type Row, tableOf, tookText } from './by-hand/table.ts';

// How soon `faultline why` says what a user has just broken by `faultline fault add`: a whole shop with
// people in it, each kind of trouble once a round, all of it by the commands that a user gives.
// `npm run eval:by-hand [-- --rps 20 --only errors,latency --rounds 1]`

const root = join(import.meta.dirname, '..');
const WARM_UP_MS = 30_000;
const NAMED_WITHIN_MS = 14_000;
const OVER_WITHIN_MS = 90_000;
const CALM_MS = 6_000;
/** Fewer entries in queues than this are on their way. */
const BEHIND_LEAST = 8;
const LOOK_MS = 50;
const AHEAD_MS = 12_000;

const { values: options } = parseArgs({
  options: {
    rps: { type: 'string', default: '20' },
    only: { type: 'string', default: cases.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '1' },
  },
});

type Names = ReadonlyMap<string, readonly string[]>;

async function main(): Promise<boolean> {
  const wanted = chosen();
  const dataDir = await mkdtemp(join(tmpdir(), 'by-hand-'));
  const hands = await Hands.start({ root, dataDir });
  const rows: Row[] = [];
  try {
    hands.begin(`load --rps ${options.rps} --duration 24h`);
    for (const service of ['catalog', 'storefront']) await hands.run(`scale ${service} 2`);
    await clock.sleep(WARM_UP_MS);
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const one of wanted) {
        const row = await play(one, hands);
        process.stdout.write(formatTable([[row.name, tookText(row.took), row.said]]));
        rows.push(row);
      }
    }
  } finally {
    await hands.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
  console.log(`\n${tableOf(rows)}`);
  return rows.every(({ took }) => took !== 'never');
}

function chosen(): Case[] {
  const names = new Set(options.only.split(','));
  const unknown = [...names].find((name) => !cases.some((one) => one.name === name));
  if (unknown !== undefined) {
    const known = cases.map(({ name }) => name).join(', ');
    throw new Error(`--only ${unknown}: expected of ${known}`);
  }
  return cases.filter(({ name }) => names.has(name));
}

async function play(one: Case, hands: Hands): Promise<Row> {
  const { name, before = [], onTrial, beside = [], commands, after = [], origins } = one;
  const open = await hands.incidents();
  const names = await hands.instances();
  for (const command of before) hands.begin(fill(command, names));
  if (onTrial !== undefined) await hands.untilOnTrial(onTrial);
  else if (before.length > 0) await clock.sleep(AHEAD_MS);
  for (const command of beside) hands.begin(fill(command, names));
  for (const command of commands) await hands.run(fill(command, names));
  const startedMs = clock.monotonic();
  const meant = origins.map((any) => any.map((origin) => fill(origin, names)));
  const left = new Set(meant);
  const others = new Set<string>();
  let tookMs: number | undefined;
  while (tookMs === undefined && clock.monotonic() - startedMs < NAMED_WITHIN_MS) {
    const incidents = await hands.incidents();
    for (const { origin, sentence } of incidents) {
      const any = meant.find((some) => some.some((other) => nameOf(origin, names) === other));
      if (any) left.delete(any);
      else if (isBlame(origin) && !open.some((old) => old.sentence === sentence))
        others.add(sentence);
    }
    if (meant.length > 0 && left.size === 0) tookMs = clock.monotonic() - startedMs;
    else await clock.sleep(LOOK_MS);
  }
  const said = await hands.why();
  // What is on trial may have been undone by itself.
  for (const command of after) await hands.run(fill(command, names)).catch(() => undefined);
  await hands.run('fault clear --all');
  await recover(hands);
  const isQuiet = meant.length === 0 && others.size === 0;
  const first = others.size === 0 ? '' : ` (first: ${[...others].join(' ')})`;
  return { name, took: isQuiet ? 'nobody' : (tookMs ?? 'never'), said: `${said}${first}` };
}

/** Resolves when nothing has been named for a while and no queue is behind, or when that takes too long. */
async function recover(hands: Hands): Promise<void> {
  const startedMs = clock.monotonic();
  let sinceMs = startedMs;
  while (clock.monotonic() - sinceMs < CALM_MS) {
    await clock.sleep(500);
    if (clock.monotonic() - startedMs > OVER_WITHIN_MS) return;
    const isCalm = (await hands.incidents()).length === 0 && (await hands.waiting()) < BEHIND_LEAST;
    if (!isCalm) sinceMs = clock.monotonic();
  }
}

/** Who says that too many came blames nobody. */
function isBlame({ kind }: Said['origin']): boolean {
  return kind !== 'load';
}

/** As the cases call it: `service orders`, `edge a->b`, `instance orders@new` for one that was not there. */
function nameOf({ kind, service, instance = '', edge }: Said['origin'], instances: Names): string {
  if (kind === 'edge') return `edge ${edge?.from}->${edge?.to}`;
  if (kind !== 'instance') return `${kind} ${service}`;
  const isOld = instances.get(service)?.includes(instance) === true;
  return `instance ${isOld ? instance : `${service}@new`}`;
}

function fill(text: string, instances: Names): string {
  return text.replaceAll(/(\w+)#(\d)/g, (whole, service: string, at: string) => {
    return instances.get(service)?.[Number(at) - 1] ?? whole;
  });
}

if (!(await main())) process.exitCode = 1;
