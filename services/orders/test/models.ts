import type { StockItem, Reservation } from '@faultline/contracts/inventory';
import type { Payment } from '@faultline/contracts/payments';

type Level = { received: number; available: number; reserved: number; sold: number };
type Held = { status: Reservation['status']; items: readonly StockItem[] };

/** Inventory as its contract promises it, without a network. */
export class StockModel {
  readonly levels = new Map<string, Level>();
  readonly reservations = new Map<string, Held>();

  constructor(stock: Readonly<Record<string, number>>) {
    for (const [product, received] of Object.entries(stock)) {
      this.levels.set(product, { received, available: received, reserved: 0, sold: 0 });
    }
  }

  reserve(id: string, items: readonly StockItem[]): Held | { short: StockItem[] } {
    const known = this.reservations.get(id);
    if (known) return known;
    const short = items.filter((item) => this.#level(item).available < item.quantity);
    if (short.length > 0) return { short };
    this.#move(items, 'available', 'reserved');
    return this.#set(id, { status: 'reserved', items });
  }

  commit(id: string): Held | undefined {
    const held = this.reservations.get(id);
    if (held?.status !== 'reserved') return held;
    this.#move(held.items, 'reserved', 'sold');
    return this.#set(id, { ...held, status: 'committed' });
  }

  release(id: string): Held {
    const held = this.reservations.get(id) ?? { status: 'released' as const, items: [] };
    if (held.status === 'committed') {
      this.#move(held.items, 'sold', 'available');
      return this.#set(id, { ...held, status: 'returned' });
    }
    if (held.status === 'reserved') this.#move(held.items, 'reserved', 'available');
    return this.#set(id, held.status === 'reserved' ? { ...held, status: 'released' } : held);
  }

  expire(id: string): void {
    const held = this.reservations.get(id);
    if (held?.status !== 'reserved') return;
    this.#move(held.items, 'reserved', 'available');
    this.#set(id, { ...held, status: 'expired' });
  }

  holds(id: string): boolean {
    const status = this.reservations.get(id)?.status;
    return status === 'reserved' || status === 'committed';
  }

  /** @throws Error when stock was lost or made. */
  check(): void {
    for (const [product, level] of this.levels) {
      const { received, available, reserved, sold } = level;
      const whole = available + reserved + sold === received;
      if (!whole || Math.min(available, reserved, sold) < 0) {
        throw new Error(`stock of ${product} does not add up: ${JSON.stringify(level)}`);
      }
    }
  }

  #level({ product_id }: StockItem): Level {
    return this.levels.get(product_id) ?? { received: 0, available: 0, reserved: 0, sold: 0 };
  }

  #move(
    items: readonly StockItem[],
    from: 'available' | 'reserved' | 'sold',
    to: 'available' | 'reserved' | 'sold',
  ): void {
    for (const item of items) {
      this.#level(item)[from] -= item.quantity;
      this.#level(item)[to] += item.quantity;
    }
  }

  #set(id: string, held: Held): Held {
    this.reservations.set(id, held);
    return held;
  }
}

type Charge = { status: Payment['status']; amount: number; orderId: string };
type Asked = { done: boolean; status: Payment['status'] } | undefined;

/** Payments as its contract promises it, with a provider that always answers. */
export class PaymentsModel {
  readonly charges = new Map<string, Charge>();
  readonly #refused = new Set<string>();

  authorize(
    id: string,
    request: { amount: number; orderId: string; token: string },
  ): Payment['status'] {
    if (this.#refused.has(id)) return 'voided';
    const known = this.charges.get(id);
    if (known) return known.status;
    const status = request.token === 'tok_declined' ? 'declined' : 'authorized';
    this.charges.set(id, { status, amount: request.amount, orderId: request.orderId });
    return status;
  }

  capture(id: string): Asked {
    return this.#change(id, 'authorized', 'captured');
  }

  void(id: string): Asked {
    if (!this.charges.has(id)) this.#refused.add(id);
    if (this.charges.get(id)?.status === 'declined') return { done: true, status: 'declined' };
    return this.#change(id, 'authorized', 'voided');
  }

  refund(id: string): Asked {
    return this.#change(id, 'captured', 'refunded');
  }

  /** Whether money of the payment is taken or kept ready to be taken. */
  holds(id: string): boolean {
    const status = this.charges.get(id)?.status;
    return status === 'authorized' || status === 'captured';
  }

  #change(id: string, from: Payment['status'], to: Payment['status']): Asked {
    const charge = this.charges.get(id);
    if (!charge) return undefined;
    if (charge.status === from) charge.status = to;
    return { done: charge.status === to, status: charge.status };
  }
}
