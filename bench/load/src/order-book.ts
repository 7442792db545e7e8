/** What became of the orders of a run. */
export type OrderCounts = {
  /** Different orders sent, however often each. */
  placed: number;
  confirmed: number;
  /** Turned down for a reason: out of stock, declined. */
  refused: number;
  /** Undone by the shop. */
  failed: number;
  /** Nobody has said yet what became of it. */
  unknown: number;
};

/** Counts orders from when they are sent to when it is known what became of them. */
export class OrderBook {
  readonly #settled = { confirmed: 0, refused: 0, failed: 0 };
  #placed = 0;

  place(): void {
    this.#placed++;
  }

  settle(how: 'confirmed' | 'refused' | 'failed'): void {
    this.#settled[how]++;
  }

  counts(): OrderCounts {
    const { confirmed, refused, failed } = this.#settled;
    const unknown = this.#placed - confirmed - refused - failed;
    return { placed: this.#placed, confirmed, refused, failed, unknown };
  }
}
