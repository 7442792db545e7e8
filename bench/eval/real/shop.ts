import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { runLoad } from '@faultline/load/run';
import type { Engine } from '../../../local/src/engine-types.ts';
import { startEngine } from '../../../local/src/engine.ts';

const root = join(import.meta.dirname, '../../..');
const CALM_MS = 4_000;

/** A whole shop with people in it. */
export class Shop {
  readonly engine: Engine;
  readonly rps: number;
  readonly #seed: number;
  readonly #stopping = new AbortController();
  readonly #loads: Promise<unknown>[] = [];
  #failedMs = 0;

  static async open(options: { dataDir: string; rps: number; seed: number }): Promise<Shop> {
    const { dataDir, rps, seed } = options;
    const engine = await startEngine({ root, dataDir, ports: 'auto' });
    return new Shop(engine, { rps, seed });
  }

  private constructor(engine: Engine, { rps, seed }: { rps: number; seed: number }) {
    this.engine = engine;
    this.rps = rps;
    this.#seed = seed;
  }

  /** The trace store's address. */
  get observer(): string {
    return this.#link('Traces');
  }

  /** Sends people to the shop until it closes, or for a while. */
  async send(options: {
    rps: number;
    durationMs?: number;
    weights?: Readonly<Record<string, number>>;
  }): Promise<void> {
    const { engine } = this;
    const file = join(engine.dataDir, 'secrets', 'demo-admin-password.password');
    const password = await readFile(file, 'utf8').catch(() => undefined);
    this.#loads.push(
      runLoad({
        // Names have two addresses, of which the engine listens on one.
        target: new URL(this.#link('Shop')).origin.replace('//localhost:', '//127.0.0.1:'),
        durationMs: 86_400_000,
        seed: this.#seed + this.#loads.length,
        signal: this.#stopping.signal,
        graceMs: 1_000,
        ...(password !== undefined && { admin: { email: 'admin@faultline.local', password } }),
        onOutcome: ({ failure }) => {
          if (failure) this.#failedMs = systemClock.now();
        },
        ...options,
      }).catch((error: unknown) => console.error(`the load ended: ${String(error)}`)),
    );
  }

  /** Resolves when all instances are ready, no breaker is open and nobody has met a failure lately. */
  async recover(deadlineMs: number): Promise<void> {
    while (systemClock.now() < deadlineMs) {
      const isCalm = systemClock.now() - this.#failedMs > CALM_MS;
      const isReady = this.engine
        .status()
        .services.every(({ instances }) => instances.every(({ ready }) => ready));
      if (isCalm && isReady && (await this.#openBreakers()) === 0) return;
      await systemClock.sleep(500);
    }
  }

  /** Whether something is named as broken. */
  async current(): Promise<string | undefined> {
    const url = new URL('api/incidents/current', this.observer);
    // Of this same release.
    const answer = (await fetch(url).then((reply) => reply.json())) as {
      incident: { sentence: string } | null;
    };
    return answer.incident?.sentence;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loads);
    await this.engine.stop();
  }

  async #openBreakers(): Promise<number> {
    const url = new URL('api/topology', this.observer);
    const { edges } = (await fetch(url).then((reply) => reply.json())) as {
      edges: { openBreakers: number }[];
    };
    return edges.reduce((sum, { openBreakers }) => sum + openBreakers, 0);
  }

  #link(name: string): string {
    const link = this.engine.links[name];
    if (link === undefined) throw new Error(`open the shop: it has no link '${name}'`);
    return link;
  }
}
