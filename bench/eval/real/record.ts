import { mkdir, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { seededRandom } from '@faultline/mesh-core/random';
import type { ExpectedOrigin, ToleratedOrigin } from '@faultline/origin/recording';
import { Inputs } from './inputs.ts';
import {
  type Disturbance,
  type Draw,
  type Episode,
  realDisturbances,
  realFaults,
} from './kinds.ts';
import { Shop } from './shop.ts';

export type RecordOptions = {
  /** Where the recordings go. */
  dir: string;
  kinds: readonly string[];
  /** Of each kind. */
  runs: number;
  seed: number;
  part: Draw['part'];
  rps: number;
  /** Where the shop keeps its state; default a folder that goes with it. */
  dataDir?: string;
};

const WARM_UP_MS = 45_000;
const QUIET_MS = 12_000;
const RECOVERY_MS_MAX = 60_000;
const LEASE = '60s';
const STORES = new Set(['postgres', 'redis']);
const DOUBLED = ['catalog', 'inventory', 'profiles', 'storefront', 'orders'];

/** Names of all that can be recorded. */
export const realKinds = [...Object.keys(realFaults), ...Object.keys(realDisturbances)];

/** Runs labelled faults on a real shop under load, one after the other, and records them. */
export async function recordReal(options: RecordOptions): Promise<void> {
  const { dir, kinds, runs, seed, rps } = options;
  await mkdir(dir, { recursive: true });
  const random = seededRandom(seed);
  const order = shuffled(
    kinds.flatMap((kind) => Array.from({ length: runs }, () => kind)),
    random,
  );
  const dataDir = options.dataDir ?? join(tmpdir(), `faultline-eval-${process.pid}`);
  const shop = await Shop.open({ dataDir, rps, seed });
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const inputs = await Inputs.open(shop.observer);
  try {
    const session = new Session(shop, inputs, { ...options, random, stop: stop.signal });
    await session.run(order);
  } finally {
    await inputs.close();
    await shop.close();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

function shuffled(kinds: readonly string[], random: () => number): string[] {
  return kinds
    .map((kind) => ({ kind, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
}

type SessionOptions = RecordOptions & { random: () => number; stop: AbortSignal };

/** One shop from its start to its end: what it has learnt it keeps, as that of a user does. */
class Session {
  readonly #shop: Shop;
  readonly #inputs: Inputs;
  readonly #options: SessionOptions;

  constructor(shop: Shop, inputs: Inputs, options: SessionOptions) {
    this.#shop = shop;
    this.#inputs = inputs;
    this.#options = options;
  }

  async run(order: readonly string[]): Promise<void> {
    const { dir, rps, seed, part, random, stop } = this.#options;
    const startMs = systemClock.now();
    const id = `${part}-${seed}`;
    this.#inputs.begin(join(dir, `${id}.jsonl.gz`));
    await this.#shop.send({ rps });
    for (const service of DOUBLED) {
      if (random() < 0.5) await this.#shop.engine.scale(service, 2);
    }
    for (const service of DOUBLED) {
      if (this.#doubled().length < 2) await this.#shop.engine.scale(service, 2);
    }
    await this.#pause(WARM_UP_MS);
    const expected: ExpectedOrigin[] = [];
    const distractors: string[] = [];
    const tolerated: ToleratedOrigin[] = [];
    for (const kind of order) {
      if (stop.aborted) break;
      const episode = this.#draw(kind);
      const beganMs = systemClock.now();
      if (episode.faults.length === 0) distractors.push(kind);
      expected.push(...(await this.#play(kind, episode)));
      // More people than a small machine can serve do harm, and whoever says so is right.
      if (episode.besides?.kind === 'rush') tolerated.push(rushed(beganMs));
    }
    const head = { format: 'faultline-recording/1', source: 'real' } as const;
    const endMs = systemClock.now();
    const done = { expected, distractors, tolerated };
    await this.#inputs.end({ ...head, id, seed, rps, startMs, endMs, ...done });
  }

  #doubled(): string[] {
    return DOUBLED.filter((service) => this.#shop.engine.instances(service).length > 1);
  }

  #draw(kind: string): Episode {
    const { random, part } = this.#options;
    const make = realFaults[kind] ?? realDisturbances[kind];
    if (!make) throw new Error(`record '${kind}': expected one of ${realKinds.join(', ')}`);
    const instances = (service: string): string[] =>
      this.#shop.engine.instances(service).map(({ name }) => name);
    return make({ random, part, instances });
  }

  async #play(kind: string, episode: Episode): Promise<ExpectedOrigin[]> {
    const { engine } = this.#shop;
    const before = await this.#shop.current();
    const startMs = systemClock.now();
    const faultMs = 9_000 + this.#options.random() * 5_000;
    const disturbed = episode.besides && this.#disturb(episode.besides, faultMs);
    const begun = episode.faults.map((one) => ({
      ...one,
      id: engine.faults.add({ ...one.spec, lease: LEASE }).id,
      watch: this.#inputs.watch(one.meets, startMs),
    }));
    await this.#pause(faultMs);
    const endMs = systemClock.now();
    const named = await this.#shop.current();
    const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
    for (const { id } of begun) engine.faults.clear(id);
    await disturbed;
    await this.#pause(QUIET_MS);
    await this.#shop.recover(endMs + RECOVERY_MS_MAX);
    const overMs = systemClock.now();
    console.log(
      `${kind}: ${episode.faults.map(({ spec }) => JSON.stringify(spec)).join(' ')} ` +
        `load ${load}, over after ${((overMs - endMs) / 1_000).toFixed(0)} s` +
        `${before === undefined ? '' : `\n  before: ${before}`}\n  named: ${named ?? 'nothing'}`,
    );
    for (let waits = 0; waits < 40 && (await this.#shop.current()) !== undefined; waits++) {
      await this.#pause(500);
    }
    return begun.map(({ accepted, meets, watch: { firstMs, hits } }) => ({
      fault: episode.fault,
      accepted,
      startMs,
      endMs,
      overMs,
      // A call to a store that cannot even begin leaves no span.
      ...(!STORES.has(meets.to) && { hits }),
      loadAverage: load,
      ...(Number.isFinite(firstMs) && { firstHitMs: firstMs }),
    }));
  }

  async #disturb(what: Disturbance, durationMs: number): Promise<void> {
    const { engine, rps } = this.#shop;
    switch (what.kind) {
      case 'restart':
        return engine.restart(what.service);
      case 'scale': {
        const count = engine.instances(what.service).length;
        await engine.scale(what.service, count + 1);
        await this.#pause(5_000);
        await engine.scale(what.service, count);
        return;
      }
      case 'rush':
        return this.#shop.send({ rps: rps * (what.factor - 1), durationMs });
      case 'uploads':
        return this.#shop.send({ rps: 12, durationMs, weights: { upload: 1 } });
      case 'nothing':
    }
  }

  async #pause(ms: number): Promise<void> {
    await systemClock.sleep(ms, this.#options.stop);
  }
}

function rushed(startMs: number): ToleratedOrigin {
  return { origin: { kind: 'load', service: 'gateway' }, startMs, overMs: systemClock.now() };
}
