import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '@faultline/chassis/clock';
import { runLoad } from '@faultline/load/run';
import { startEngine } from '../local/src/engine.ts';
import type { Engine } from '../local/src/engine-types.ts';
import { EngineError } from '../local/src/engine-error.ts';
import { formatTable } from '../local/src/ui/table.ts';
import { changedSince, pidsOf } from '../test/support/processes.ts';
import { type Ending, endings } from './releases/endings.ts';

// How each release of examples/releases ends on a whole shop with people in it: whether what is bad is
// found and taken back, how soon, and whom it harmed. `node bench/releases.ts [--only slow.bad,…]
// [--rps 20]`. `wrong-body` needs a hook in a manifest, see examples/releases/README.md.

const root = join(import.meta.dirname, '..');
/** Longer than the longest: a progress deadline of 30 s. */
const OVER_MS = 120_000;
const LOOK_MS = 50;
/** What callers noticed last is counted after the end. */
const COUNT_MS = 5_000;
const known = Object.keys(endings);

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: known.join(',') },
    rps: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

type Row = {
  release: string;
  ended: Ending | 'running';
  is_as_expected: boolean;
  /** From the command to the new version's first share of traffic. */
  deploy_to_traffic_ms: number | null;
  detect_ms: number | null;
  safe_ms: number | null;
  /** From first traffic to the promotion. */
  promote_ms: number | null;
  weight_max: number;
  requests_met: number;
  failed_requests: number;
  /** Services with other processes than before. */
  changed: string[];
};

class People {
  failed = 0;
  readonly #stopping = new AbortController();
  readonly #load: Promise<unknown>;

  constructor(target: string) {
    this.#load = runLoad({
      target,
      rps: Number(options.rps),
      durationMs: 86_400_000,
      seed: Number(options.seed),
      weights: { browse: 1 },
      graceMs: 1_000,
      signal: this.#stopping.signal,
      onOutcome: ({ failure }) => (this.failed += failure === null ? 0 : 1),
    });
  }

  async leave(): Promise<void> {
    this.#stopping.abort();
    await this.#load;
  }
}

async function main(): Promise<Row[]> {
  const wanted = options.only.split(',');
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected of ${known.join(', ')}`);
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-releases-'));
  const engine = await startEngine({ root, dataDir, ports: 'auto' });
  // Names have two addresses, of which the engine listens on one.
  const shop = new URL(engine.links['Shop'] ?? '').origin.replace('//localhost:', '//127.0.0.1:');
  const people = new People(shop);
  const rows: Row[] = [];
  try {
    for (const name of wanted) rows.push(await tryRelease(engine, { name, people }));
    return rows;
  } finally {
    await people.leave();
    await engine.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function tryRelease(
  engine: Engine,
  { name, people }: { name: string; people: People },
): Promise<Row> {
  const patch = {
    name,
    text: await readFile(join(root, `examples/releases/${name}.patch`), 'utf8'),
  };
  const [before, failedBefore] = [pidsOf({ engine }), people.failed];
  const startedMs = clock.now();
  const ended = await deploys(engine, patch);
  await clock.sleep(COUNT_MS);
  const { report } = await engine.rollout('catalog');
  const isNew = report !== null && Date.parse(report.started_at) >= startedMs;
  const row: Row = {
    release: name,
    ended,
    is_as_expected: ended === endings[name],
    deploy_to_traffic_ms: isNew ? since(startedMs, report.first_traffic_at) : null,
    detect_ms: isNew ? report.time_to_detect_ms : null,
    safe_ms: isNew && ended === 'rolled-back' ? report.time_to_safe_ms : null,
    promote_ms:
      isNew && ended === 'promoted' && report.first_traffic_at !== null
        ? since(Date.parse(report.first_traffic_at), report.ended_at)
        : null,
    weight_max: isNew ? Math.max(0, ...report.weights.map(({ weight }) => weight)) : 0,
    requests_met: isNew ? report.requests_met : 0,
    failed_requests: people.failed - failedBefore,
    changed: changedSince({ engine }, before),
  };
  if (!options.json) console.log(`${name}: ${ended}`);
  return row;
}

/** Deploys it past its own tests, and waits for the end. */
async function deploys(
  engine: Engine,
  patch: { name: string; text: string },
): Promise<Row['ended']> {
  try {
    await engine.deploy({ service: 'catalog', patch, skip: ['tests'] });
  } catch (error) {
    if (error instanceof EngineError) return 'refused';
    throw error;
  }
  const giveUpMs = clock.monotonic() + OVER_MS;
  while (clock.monotonic() < giveUpMs) {
    const { report } = await engine.rollout('catalog');
    if (report?.outcome === 'promoted' || report?.outcome === 'rolled-back') return report.outcome;
    await clock.sleep(LOOK_MS);
  }
  return 'running';
}

function since(startedMs: number, at: string | null): number | null {
  return at === null ? null : Date.parse(at) - startedMs;
}

const seconds = (ms: number | null) => (ms === null ? '' : `${(ms / 1_000).toFixed(1)} s`);

const rows = await main();
if (options.json) console.log(JSON.stringify({ rows }, null, 2));
else {
  console.log(
    formatTable([
      [
        ...['RELEASE', 'ENDED', 'TO TRAFFIC', 'DETECTED', 'SAFE', 'PROMOTED'],
        ...['SHARE', 'MET IT', 'FAILED', 'CHANGED'],
      ],
      ...rows.map((row) => [
        row.release,
        row.is_as_expected ? row.ended : `${row.ended}, not ${endings[row.release]}`,
        seconds(row.deploy_to_traffic_ms),
        seconds(row.detect_ms),
        seconds(row.safe_ms),
        seconds(row.promote_ms),
        `${row.weight_max} %`,
        String(row.requests_met),
        String(row.failed_requests),
        row.changed.join(', '),
      ]),
    ]),
  );
}
if (rows.some(({ is_as_expected: isGood }) => !isGood)) process.exitCode = 1;
