/** A ServiceProfile's budget: retries as a share of requests, and a minimum each second. */
export type BudgetPolicy = {
  readonly ratio: number;
  readonly minPerSecond: number;
  readonly ttlMs: number;
};

export const DEFAULT_BUDGET: BudgetPolicy = { ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 };

const SLOTS = 10;

/**
 * A token bucket that requests fill and retries empty. Deposits expire after the ttl, in ten slots;
 * the minimum keeps a trickle of retries going when there is little traffic.
 */
export class RetryBudget {
  readonly #policy: BudgetPolicy;
  readonly #slotMs: number;
  readonly #slots = new Map<number, number>();

  constructor(policy: BudgetPolicy) {
    this.#policy = policy;
    this.#slotMs = policy.ttlMs / SLOTS;
  }

  /** Notes a request that is no retry. */
  deposit(nowMs: number): void {
    this.#add(nowMs, this.#policy.ratio);
  }

  /** Takes the permission for one retry; false when the budget is used up. */
  withdraw(nowMs: number): boolean {
    if (this.balance(nowMs) < 1) return false;
    this.#add(nowMs, -1);
    return true;
  }

  /** Retries that are possible now. */
  balance(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#slotMs) - SLOTS;
    for (const slot of this.#slots.keys()) if (slot <= oldest) this.#slots.delete(slot);
    const reserve = this.#policy.minPerSecond * (this.#policy.ttlMs / 1_000);
    return [...this.#slots.values()].reduce((sum, tokens) => sum + tokens, reserve);
  }

  #add(nowMs: number, tokens: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + tokens);
  }
}
