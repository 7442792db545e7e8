import type { WireFault } from '@faultline/mesh-core/snapshot';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** The TCP faults that hold for one connection now, of one direction. */
export type ActiveFaults = (direction: WireFault['direction']) => readonly WireFault[];

const SLICE_MS = 50;
const POLL_MS = 100;

type Options = {
  readonly from: Socket;
  readonly to: Socket;
  readonly direction: WireFault['direction'];
  readonly active: ActiveFaults;
  readonly clock: Clock;
};

/** Passes the bytes of one direction on, as they come, or as the faults in force have it. */
export class Relay {
  readonly #options: Options;
  /** Bytes passed since a fault that counts them began. */
  #faultyBytes = 0;
  /** Resolves when what was held back has been passed on. */
  #passed: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
    const { from, to } = options;
    from.on('data', (chunk: Buffer) => this.#pass(chunk));
    from.on('end', () => void this.#end());
    to.on('drain', () => from.resume());
  }

  #pass(chunk: Buffer): void {
    const { from, to, active, direction } = this.#options;
    if (active(direction).length === 0) {
      this.#faultyBytes = 0;
      if (!to.write(chunk)) from.pause();
      return;
    }
    from.pause();
    this.#passed = this.#passed.then(() => this.#passFaulty(chunk));
    void this.#passed.then(() => from.resume());
  }

  async #passFaulty(chunk: Buffer): Promise<void> {
    for (const { effect } of this.#active()) {
      if (effect.kind === 'reset') {
        this.#break();
        return;
      }
      if (effect.kind === 'delay') {
        const jitterMs = effect.jitterMs * (((this.#faultyBytes * 7) % 13) / 6 - 1);
        await this.#sleep(Math.max(0, effect.delayMs + jitterMs));
      }
    }
    while (this.#find('blackhole') && !this.#options.to.destroyed) await this.#sleep(POLL_MS);
    const truncated = this.#find('truncate');
    if (truncated?.kind === 'truncate') {
      const left = truncated.afterBytes - this.#faultyBytes;
      if (chunk.length >= left) {
        this.#options.to.write(chunk.subarray(0, Math.max(0, left)));
        this.#break();
        return;
      }
    }
    this.#faultyBytes += chunk.length;
    await this.#write(chunk);
  }

  async #write(chunk: Buffer): Promise<void> {
    const { to } = this.#options;
    for (let at = 0; at < chunk.length && !to.destroyed;) {
      const bandwidth = this.#find('bandwidth');
      const bytes =
        bandwidth?.kind === 'bandwidth'
          ? Math.max(1, Math.floor((bandwidth.bytesPerSecond * SLICE_MS) / 1_000))
          : chunk.length;
      to.write(chunk.subarray(at, at + bytes));
      at += bytes;
      if (bandwidth) await this.#sleep(SLICE_MS);
    }
  }

  async #end(): Promise<void> {
    await this.#passed;
    const slow = this.#find('slow-close');
    if (slow?.kind === 'slow-close') await this.#sleep(slow.delayMs);
    this.#options.to.end();
  }

  #break(): void {
    this.#options.from.resetAndDestroy();
    this.#options.to.resetAndDestroy();
  }

  #active(): readonly WireFault[] {
    return this.#options.active(this.#options.direction);
  }

  #find(kind: WireFault['effect']['kind']): WireFault['effect'] | undefined {
    return this.#active().find(({ effect }) => effect.kind === kind)?.effect;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }
}
