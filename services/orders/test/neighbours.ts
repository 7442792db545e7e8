import type { ProblemDocument } from '@faultline/chassis/errors';
import { DependencyError, type HttpClient } from '@faultline/chassis/http-client';
import { seedId } from '@faultline/chassis/ids';
import { quoteProducts } from '@faultline/contracts/catalog';
import {
  commitReservation,
  releaseReservation,
  reserveStock,
} from '@faultline/contracts/inventory';
import {
  authorizePayment,
  capturePayment,
  readPayment,
  refundPayment,
  voidPayment,
} from '@faultline/contracts/payments';
import { PaymentsModel, StockModel } from './models.ts';

/** What goes wrong with one call: before the neighbour acts, after it, or with its answer. */
export type Fault = 'refused' | 'failed' | 'never-arrived' | 'reply-lost' | 'still-asking';

type Parts = {
  params?: { id?: string };
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
};
type Reply = { status: number; body: unknown };
type Act = (parts: Parts) => Reply;

export const mug = seedId('product', 'mug');
export const lamp = seedId('product', 'lamp');
export const dollarBook = seedId('product', 'dollar-book');
export const archived = seedId('product', 'archived');

const LONG_AGO = '2026-01-01T00:00:00.000Z';

const prices = new Map([
  [mug, { slug: 'mug', name: 'Blue Mug', price: { amount: 1_250, currency: 'EUR' } }],
  [lamp, { slug: 'lamp', name: 'Desk Lamp', price: { amount: 99_000_000, currency: 'EUR' } }],
  [dollarBook, { slug: 'book', name: 'Book', price: { amount: 900, currency: 'USD' } }],
]);

/**
 * Catalog, inventory and payments as the orders service sees them: clients over models that keep
 * state, and that go wrong as a test says.
 */
export class Neighbours {
  readonly stock = new StockModel({ [mug]: 10, [lamp]: 10, [dollarBook]: 10 });
  readonly money = new PaymentsModel();
  /** The ids of the endpoints called, in order. */
  readonly calls: string[] = [];
  readonly #faults = new Map<string, Fault[]>();
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  readonly catalog: HttpClient = this.#client('catalog', {
    [quoteProducts.id]: ({ body }) => this.#quote(body),
  });

  readonly inventory: HttpClient = this.#client('inventory', {
    [reserveStock.id]: ({ params, body }) => this.#reserve(idOf(params), body),
    [commitReservation.id]: ({ params }) => this.#commit(idOf(params)),
    [releaseReservation.id]: ({ params }) => {
      this.stock.release(idOf(params));
      return this.#reservation(idOf(params));
    },
  });

  readonly payments: HttpClient = this.#client('payments', {
    [authorizePayment.id]: ({ body, headers }) => this.#authorize(body, headers),
    [readPayment.id]: ({ params }) => this.#payment(idOf(params), true),
    [capturePayment.id]: ({ params }) =>
      this.#payment(idOf(params), this.money.capture(idOf(params))?.done ?? false),
    [voidPayment.id]: ({ params }) =>
      this.#payment(idOf(params), this.money.void(idOf(params))?.done ?? false),
    [refundPayment.id]: ({ params }) =>
      this.#payment(idOf(params), this.money.refund(idOf(params))?.done ?? false),
  });

  /** The next calls of `endpoint` go wrong like this, one after another. */
  fail(endpoint: { id: string }, ...faults: Fault[]): void {
    this.#faults.set(endpoint.id, [...(this.#faults.get(endpoint.id) ?? []), ...faults]);
  }

  /** Makes calls of `endpoint` wait until the function it returns is called. */
  hold(endpoint: { id: string }): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gates.set(endpoint.id, gate);
    return gate.resolve;
  }

  /** Lets go of everything held. */
  release(): void {
    for (const gate of this.#gates.values()) gate.resolve();
  }

  count(endpoint: { id: string }): number {
    return this.calls.filter((id) => id === endpoint.id).length;
  }

  #client(name: string, acts: Readonly<Record<string, Act>>): HttpClient {
    return {
      // The replies below follow the contracts; the generic signature cannot be met otherwise.
      call: (async (endpoint: { id: string }, parts: Parts) => {
        const act = acts[endpoint.id];
        if (!act) throw new TypeError(`the fake ${name} has no ${endpoint.id}`);
        this.calls.push(endpoint.id);
        await this.#gates.get(endpoint.id)?.promise;
        return { headers: {}, ...this.#answer(name, endpoint.id, () => act(parts)) };
      }) as HttpClient['call'],
    };
  }

  #answer(dependency: string, id: string, act: () => Reply): Reply {
    const fault = this.#faults.get(id)?.shift();
    if (fault === 'refused') throw new DependencyError({ dependency, failure: 'refused' });
    if (fault === 'never-arrived') throw new DependencyError({ dependency, failure: 'unknown' });
    if (fault === 'failed') {
      throw new DependencyError({ dependency, failure: 'failed', upstreamStatus: 503 });
    }
    const reply = act();
    if (fault === 'reply-lost') throw new DependencyError({ dependency, failure: 'unknown' });
    return fault === 'still-asking' ? { ...reply, status: 202 } : reply;
  }

  #quote(body: Parts['body']): Reply {
    const ids = listOf(body?.['product_ids']).map(String);
    const items = ids.flatMap((product_id) => {
      const quote = prices.get(product_id);
      return quote ? [{ product_id, ...quote, images: [] }] : [];
    });
    return { status: 200, body: { items } };
  }

  #reserve(id: string, body: Parts['body']): Reply {
    const items = listOf(body?.['items']).map((item) =>
      reserveStock.body.shape.items.element.parse(item),
    );
    const held = this.stock.reserve(id, items);
    if ('short' in held) {
      const short = held.short.map(({ product_id }) => ({
        product_id,
        available: this.stock.levels.get(product_id)?.available ?? 0,
      }));
      return problem(409, 'out_of_stock', { items: short });
    }
    if (!this.stock.holds(id)) return problem(409, `reservation_${held.status}`);
    return this.#reservation(id);
  }

  #commit(id: string): Reply {
    const held = this.stock.commit(id);
    if (!held) return problem(404, 'reservation_unknown');
    return held.status === 'committed'
      ? this.#reservation(id)
      : problem(409, `reservation_${held.status}`);
  }

  #reservation(id: string): Reply {
    const held = this.stock.reservations.get(id);
    return { status: 200, body: { id, ...held, expires_at: LONG_AGO } };
  }

  #authorize(body: Parts['body'], headers: Parts['headers']): Reply {
    const { payment_id, order_id, amount, token } = authorizePayment.body.parse(body);
    if (headers?.['idempotency-key'] !== payment_id) return problem(409, 'wrong_key');
    const status = this.money.authorize(payment_id, {
      ...{ amount: amount.amount, orderId: order_id, token },
    });
    if (status === 'voided') return problem(409, 'payment_voided');
    return { ...this.#payment(payment_id, true), status: status === 'authorized' ? 201 : 402 };
  }

  #payment(id: string, done: boolean): Reply {
    const charge = this.money.charges.get(id);
    if (!charge) return problem(404, 'payment_unknown');
    if (!done) return problem(409, `payment_${charge.status}`);
    return {
      status: 200,
      body: {
        id,
        order_id: charge.orderId,
        status: charge.status,
        amount: { amount: charge.amount, currency: 'EUR' },
        decline_reason: charge.status === 'declined' ? 'do_not_honor' : null,
        created_at: LONG_AGO,
        updated_at: LONG_AGO,
      },
    };
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function idOf(params: Parts['params']): string {
  return String(params?.id);
}

function problem(status: number, reason: string, extensions: object = {}): Reply {
  const body: ProblemDocument = {
    ...extensions,
    ...{ type: `urn:problem:${reason}`, title: reason, status, detail: reason, reason },
    ...{ instance: '/', trace_id: '', retryable: false },
  };
  return { status, body };
}
