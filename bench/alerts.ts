import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '@faultline/chassis/clock';
import { runLoad } from '@faultline/load/run';
import type { Engine } from '../local/src/engine-types.ts';
import { startEngine } from '../local/src/engine.ts';
import { type Case, cases } from './alerts/cases.ts';
import { AlertWatch, describe, isLike } from './alerts/watch.ts';

// Whether alerts keep quiet on a healthy shop and speak up for what they are for: a whole shop at the
// local pace, with people in it. `node bench/alerts.ts [--healthy 10] [--only burn-fast,breaker] [--rps 20]`;
// `--only healthy` is the quiet part alone.

const root = join(import.meta.dirname, '..');
const SETTLE_MS = 180_000;
const known = ['healthy', ...cases.map(({ name }) => name)];

const { values: options } = parseArgs({
  options: {
    healthy: { type: 'string', default: '10' },
    only: { type: 'string', default: known.join(',') },
    rps: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});

type Outcome = { readonly fault: string; readonly fired: string; readonly ended: string };

async function main(): Promise<boolean> {
  const wanted = new Set(options.only.split(','));
  const unknown = [...wanted].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: expected of ${known.join(', ')}`);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-alerts-'));
  const engine = await startEngine({ root, dataDir, ports: 'auto' });
  const stopping = new AbortController();
  const load = people(engine, stopping.signal);
  try {
    await engine.scale('inventory', 2);
    const watch = new AlertWatch(link(engine, 'Prometheus'));
    let isGood = true;
    if (wanted.has('healthy')) isGood = (await staysQuiet(watch)) && isGood;
    for (const one of cases.filter(({ name }) => wanted.has(name))) {
      isGood = (await speaksUp(one, engine, watch)) && isGood;
    }
    return isGood;
  } finally {
    stopping.abort();
    await load;
    await engine.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function people(engine: Engine, signal: AbortSignal): Promise<void> {
  const report = await runLoad({
    // Names have two addresses, of which the engine listens on one.
    target: new URL(link(engine, 'Shop')).origin.replace('//localhost:', '//127.0.0.1:'),
    rps: Number(options.rps),
    durationMs: 86_400_000,
    seed: Number(options.seed),
    graceMs: 1_000,
    signal,
  });
  console.log(`requests ${report.requests}, failed ${report.failed}`);
}

/** Whether nothing fires; what is pending is told, and is no fault. */
async function staysQuiet(watch: AlertWatch): Promise<boolean> {
  const minutes = Number(options.healthy);
  const seen = new Map<string, { pending: number; firing: number }>();
  await watch.until((alerts) => {
    for (const alert of alerts) {
      const counts = seen.get(describe(alert)) ?? { pending: 0, firing: 0 };
      counts[alert.state] += 1;
      seen.set(describe(alert), counts);
    }
    return false;
  }, minutes * 60_000);
  const fired = [...seen.values()].filter(({ firing }) => firing > 0).length;
  console.log(`healthy for ${minutes} minutes: ${fired} alerts fired`);
  for (const [name, { pending, firing }] of seen) {
    console.log(`  ${name}: pending for ${pending} s, firing for ${firing} s`);
  }
  return fired === 0;
}

async function speaksUp(one: Case, engine: Engine, watch: AlertWatch): Promise<boolean> {
  const own = (alert: Parameters<typeof isLike>[0]) =>
    one.alerts.some((labels) => isLike(alert, labels));
  await watch.until((alerts) => !alerts.some(own), SETTLE_MS);
  const undo = one.deed(engine);
  const others = new Set<string>();
  const firedMs = await watch.until((alerts) => {
    const firing = alerts.filter(({ state }) => state === 'firing');
    for (const alert of firing) if (!own(alert)) others.add(describe(alert));
    return one.alerts.every((labels) => firing.some((alert) => isLike(alert, labels)));
  }, one.firesMs);
  await undo();
  const endedMs = await watch.until((alerts) => !alerts.some(own), one.endsMs);
  print(one, {
    fault: one.fault,
    fired: firedMs === undefined ? `NOT within ${one.firesMs / 1_000} s` : seconds(firedMs),
    ended: endedMs === undefined ? `NOT within ${one.endsMs / 1_000} s` : seconds(endedMs),
  });
  const names = Map.groupBy(others, (other) => other.split(' ', 1)[0]);
  const beside = [...names].map(([other, { length }]) => `${other} (${length})`);
  if (beside.length > 0) console.log(`  beside it: ${beside.join(', ')}`);
  return firedMs !== undefined && endedMs !== undefined;
}

function print({ name, alerts }: Case, { fault, fired, ended }: Outcome): void {
  const what = alerts.map((labels) => describe({ labels, state: 'firing' })).join(' and ');
  console.log(`${name}: ${what}\n  ${fault}: fired after ${fired}, over after ${ended}`);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

function link(engine: Engine, name: string): string {
  const found = engine.links[name];
  if (found === undefined) throw new Error(`watch alerts: the shop has no link '${name}'`);
  return found;
}

const startedMs = clock.monotonic();
const isGood = await main();
console.log(`${seconds(clock.monotonic() - startedMs)} in all`);
if (!isGood) process.exitCode = 1;
