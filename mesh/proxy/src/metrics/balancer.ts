import type { Balancer } from '../balancer.ts';
import type { Clock } from '../clock.ts';
import type { Histogram, Labels, Registry, Series } from './registry.ts';

const QUEUED_SECONDS = [0.0005, 0.005, 0.05, 0.5, 1, 3];

type Options = {
  readonly registry: Registry;
  /** Parent and backend. */
  readonly labels: Labels;
  readonly protocol: 'http' | 'tcp';
  readonly clock: Clock;
  readonly failFastMs: number;
};

/** `outbound_http_balancer_*` of one backend: its endpoints, discovery, queue and gate. */
export class BalancerSeries {
  readonly #options: Options;
  readonly #prefix: string;
  readonly #shown: [name: string, labels: Labels][] = [];
  readonly #requests: Series;
  readonly #latency: Histogram;
  readonly #added: Series;
  readonly #removed: Series;
  readonly #opened: Series;
  readonly #shut: Series;
  #openedMs: number;
  #shutMs = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#prefix = `outbound_${options.protocol}_balancer`;
    const { registry, labels, clock, failFastMs } = options;
    this.#requests = this.#counter('queue_requests_total', 'Requests that entered the queue.');
    const name = this.#name('queue_latency_seconds', labels);
    const help = 'Seconds that requests spent in the queue.';
    this.#latency = registry.histogram(name, help, { labels, bounds: QUEUED_SECONDS });
    const updates = 'Changes of endpoints told by discovery.';
    this.#counter('p2c_updates_total', updates, { op: 'Reset' });
    this.#added = this.#counter('p2c_updates_total', updates, { op: 'Add' });
    this.#removed = this.#counter('p2c_updates_total', updates, { op: 'Remove' });
    this.#opened = this.#counter('queue_gate_open_total', 'Times that fail-fast ended.');
    this.#shut = this.#counter('queue_gate_shut_total', 'Times that fail-fast began.');
    this.#openedMs = clock.now();
    const time = (what: string, read: () => number) =>
      this.#gauge(`queue_gate_${what}_seconds`, 'A time of the gate.', { read });
    time('open_time', () => this.#openedMs / 1_000);
    time('shut_time', () => this.#shutMs / 1_000);
    time('timeout', () => failFastMs / 1_000);
  }

  /** Shows the endpoints of `balancer` and the length of its queue. */
  show(balancer: Balancer, queueLength: () => number): void {
    const { clock } = this.#options;
    const all = () => balancer.endpoints.length;
    const ready = () =>
      balancer.endpoints.filter((endpoint) => endpoint.ready(clock.monotonic())).length;
    const help = 'Endpoints by state; one whose breaker is shut is pending.';
    const state = (endpoint_state: string, read: () => number) =>
      this.#gauge('endpoints', help, { read, more: { endpoint_state } });
    state('ready', ready);
    state('pending', () => all() - ready());
    this.#gauge('p2c_endpoints', 'Endpoints of the balancer.', { read: all });
    this.#gauge('queue_length', 'Requests that wait for an endpoint.', { read: queueLength });
  }

  /** Takes everything out of what is shown. */
  forget(): void {
    for (const [name, labels] of this.#shown) this.#options.registry.remove(name, labels);
  }

  updated({ added, removed }: { added: number; removed: number }): void {
    this.#added.value += added;
    this.#removed.value += removed;
  }

  entered(): void {
    this.#requests.value++;
  }

  /** A request has left the queue for an endpoint. */
  left(waitedMs: number): void {
    this.#latency.observe(waitedMs / 1_000);
  }

  gate(state: 'open' | 'shut'): void {
    if (state === 'open') {
      this.#opened.value++;
      this.#openedMs = this.#options.clock.now();
    } else {
      this.#shut.value++;
      this.#shutMs = this.#options.clock.now();
    }
  }

  #name(what: string, labels: Labels): string {
    const name = `${this.#prefix}_${what}`;
    this.#shown.push([name, labels]);
    return name;
  }

  #counter(what: string, help: string, more: Labels = {}): Series {
    const labels = { ...more, ...this.#options.labels };
    return this.#options.registry.counter(this.#name(what, labels), help, labels);
  }

  #gauge(what: string, help: string, of: { read: () => number; more?: Labels }): void {
    const labels = { ...of.more, ...this.#options.labels };
    const name = this.#name(what, labels);
    this.#options.registry.observed(name, help, { kind: 'gauge', labels, read: of.read });
  }
}
