import type { Clock } from '@faultline/chassis/clock';

const quietMs = 5;

/** Numbers the states of the mesh; changes that come close together become one. */
export class Publisher {
  readonly #clock: Clock;
  readonly #publish: () => void;
  readonly #stopped = new AbortController();
  #version: number;
  #isDue = false;

  /** Versions go on growing when a control plane is started again: the first is the time. */
  constructor(clock: Clock, publish: () => void) {
    this.#clock = clock;
    this.#publish = publish;
    this.#version = Math.floor(clock.now());
  }

  get version(): number {
    return this.#version;
  }

  /** Whether the newest version may still change before it is published. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Notes a change; the answer is the version that will have it. */
  changed(): number {
    if (this.#isDue) return this.#version;
    this.#isDue = true;
    this.#version += 1;
    void this.#clock.sleep(quietMs, this.#stopped.signal).then(() => {
      this.#isDue = false;
      if (!this.#stopped.signal.aborted) this.#publish();
    });
    return this.#version;
  }

  stop(): void {
    this.#stopped.abort();
  }
}
