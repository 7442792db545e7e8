import { join } from 'node:path';
import { systemClock as clock } from '@faultline/chassis/clock';
import { runLoad } from '@faultline/load/run';
import type { Engine } from '../../local/src/engine-types.ts';
import { startEngine } from '../../local/src/engine.ts';
import { median } from '../report.ts';

const root = join(import.meta.dirname, '../..');
const RPS = 40;
const WARM_UP_MS = 40_000;
const BLOCK_MS = 25_000;
const RECOVERY_MS = 8_000;
const WATCH_MS = 100;

/** What is done to the trace store for the time of a block. */
const states = { 'as ever': () => undefined, frozen, down } as const;

/**
 * What people notice of it when the trace store stands still or is gone: latencies of a whole shop at
 * the same traffic, in blocks one after the other, so that all states meet the same machine.
 */
export async function withoutStore(options: {
  dataDir: string;
  rounds: number;
}): Promise<Record<string, number>> {
  const { dataDir, rounds } = options;
  const engine = await startEngine({ root, dataDir, ports: 'auto' });
  const p50 = new Map<string, number[]>();
  const p99 = new Map<string, number[]>();
  let failed = 0;
  try {
    await people(engine, { durationMs: WARM_UP_MS, seed: 1 });
    for (let round = 0; round < rounds; round++) {
      for (const [name, begin] of Object.entries(states)) {
        const end = begin(engine);
        const report = await people(engine, { durationMs: BLOCK_MS, seed: round + 2 });
        end?.();
        push(p50, name, report.latency_ms.p50);
        push(p99, name, report.latency_ms.p99);
        failed += report.failed;
        await clock.sleep(RECOVERY_MS);
      }
    }
  } finally {
    await engine.stop();
  }
  const usual = { p50: median(p50.get('as ever') ?? []), p99: median(p99.get('as ever') ?? []) };
  const rows = Object.keys(states).flatMap((name) => {
    const [own50, own99] = [median(p50.get(name) ?? []), median(p99.get(name) ?? [])];
    return [
      [`${name}: p50 ms`, own50],
      [`${name}: p99 ms`, own99],
      [`${name}: p50 times as ever`, own50 / usual.p50],
      [`${name}: p99 times as ever`, own99 / usual.p99],
    ] as const;
  });
  return { ...Object.fromEntries(rows), 'requests failed': failed };
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function people(engine: Engine, options: { durationMs: number; seed: number }) {
  const shop = engine.links['Shop'];
  if (shop === undefined) throw new Error("send people: the shop has no link 'Shop'");
  const target = new URL(shop).origin.replace('//localhost:', '//127.0.0.1:');
  const weights = { browse: 3, search: 2 };
  return runLoad({ target, rps: RPS, graceMs: 5_000, weights, ...options });
}

function storePid(engine: Engine): number | null {
  return engine.status().stores.find(({ name }) => name === 'traces')?.pid ?? null;
}

/** It takes what is sent, and neither answers nor ends. */
function frozen(engine: Engine): () => void {
  const pid = storePid(engine);
  if (pid === null) throw new Error('freeze the trace store: it does not run here');
  process.kill(pid, 'SIGSTOP');
  return () => void process.kill(pid, 'SIGCONT');
}

/** It is killed as often as it comes. */
function down(engine: Engine): () => void {
  const kill = (): void => {
    const pid = storePid(engine);
    if (pid !== null) process.kill(pid, 'SIGKILL');
  };
  const timer = setInterval(kill, WATCH_MS);
  kill();
  return () => clearInterval(timer);
}
