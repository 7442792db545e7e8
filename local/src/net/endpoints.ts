import type { Clock } from '@faultline/chassis/clock';
import type { Service } from '../manifests/model.ts';
import { matches } from '../manifests/references.ts';
import type { Address } from './address.ts';

/** A ready instance: what it is selected by and where its ports are. */
export type Endpoint = {
  instance: string;
  labels: Readonly<Record<string, string>>;
  ports: readonly { name: string; containerPort: number; address: Address }[];
};

/** A Service's port. */
export type Target = { service: Service; port: Service['ports'][number] };

/** Which instances take the traffic that comes from outside the mesh: ready ones, in turn. */
export class Endpoints {
  readonly #clock: Clock;
  readonly #ready = new Map<string, Endpoint>();
  readonly #turns = new Map<string, number>();
  #changed = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(endpoint: Endpoint): void {
    this.#ready.set(endpoint.instance, endpoint);
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  remove(instance: string): void {
    this.#ready.delete(instance);
  }

  /** The next ready instance's address, or `undefined` when there is none. */
  pick({ service, port }: Target): Address | undefined {
    const ready = [...this.#ready.values()].filter(({ labels }) =>
      matches(service.selector, labels),
    );
    if (ready.length === 0) return undefined;
    const turn = this.#turns.get(service.name) ?? 0;
    this.#turns.set(service.name, turn + 1);
    const chosen = ready[turn % ready.length];
    return chosen?.ports.find(
      ({ name, containerPort }) => name === port.target || containerPort === port.target,
    )?.address;
  }

  /** As `pick`, but waits up to `timeoutMs` for an instance to become ready. */
  async pickWithin(
    target: Target,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Address | undefined> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      const address = this.pick(target);
      const leftMs = deadline - this.#clock.monotonic();
      if (address !== undefined || leftMs <= 0 || signal?.aborted) return address;
      const changed = this.#changed.signal;
      await this.#clock.sleep(leftMs, signal ? AbortSignal.any([signal, changed]) : changed);
    }
  }
}
