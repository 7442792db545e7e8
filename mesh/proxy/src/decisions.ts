/** What was decided about one request and why; filled in by the layers it passes. */
export type Decision = {
  atMs: number;
  direction: 'inbound' | 'outbound';
  method: string;
  path: string;
  destination: string;
  client?: string;
  service?: string;
  route?: string;
  /** Index of the rule within its route. */
  rule?: number;
  backend?: string;
  endpoint?: string;
  breaker?: string;
  authorization?: string;
  attempts: number;
  faults?: string[];
  status?: number;
  error?: string;
  /** What the nearest rule or policy that did not apply would have needed. */
  nearest?: string;
  durationMs?: number;
};

const KEPT = 256;

/** The last decisions, oldest first, for people who ask what happened. */
export class DecisionLog {
  readonly #ring: Decision[] = [];
  #next = 0;

  add(decision: Decision): void {
    this.#ring[this.#next] = decision;
    this.#next = (this.#next + 1) % KEPT;
  }

  list(): Decision[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }
}
