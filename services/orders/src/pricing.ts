import type { CallContext } from '@faultline/chassis/call';
import { ProblemError } from '@faultline/chassis/errors';
import { DependencyError, type ClientReply, type HttpClient } from '@faultline/chassis/http-client';
import { quoteProducts } from '@faultline/contracts/catalog';
import { money, type Money } from '@faultline/contracts/common';
import type { StockItem } from '@faultline/contracts/inventory';
import type { OrderLine } from '@faultline/contracts/orders';

type Quote = ClientReply<typeof quoteProducts>['body']['items'][number];

const AMOUNT_MAX = money.shape.amount.maxValue ?? 0;

/** Asks the catalog for today's names and prices of `items`. */
export async function priceItems(
  catalog: HttpClient,
  items: readonly StockItem[],
  call: CallContext,
): Promise<{ lines: OrderLine[]; total: Money }> {
  const body = { product_ids: items.map((item) => item.product_id) };
  try {
    const reply = await catalog.call(quoteProducts, { body }, call);
    return priceOrder(items, reply.body.items);
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    throw new ProblemError('unavailable', 'Prices are not available now; nothing was ordered.', {
      dependency: 'catalog',
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

/**
 * The lines and the total of an order, from the shop's prices alone.
 * @throws ProblemError 422 for products without a quote, more than one currency, or too large a total.
 */
export function priceOrder(
  items: readonly StockItem[],
  quotes: readonly Quote[],
): { lines: OrderLine[]; total: Money } {
  const byProduct = new Map(quotes.map((quote) => [quote.product_id, quote]));
  const missing = items.filter((item) => !byProduct.has(item.product_id));
  if (missing.length > 0) {
    throw refuse('product_unavailable', 'The shop does not sell all of these products any more.', {
      items: missing.map(({ product_id }) => ({ product_id })),
    });
  }
  const lines = items.flatMap((item) => {
    const quote = byProduct.get(item.product_id);
    return quote ? [toLine(item, quote)] : [];
  });
  return { lines, total: sum(lines) };
}

function toLine(item: StockItem, quote: Quote): OrderLine {
  const { slug, name, price } = quote;
  return {
    product_id: item.product_id,
    slug,
    name,
    quantity: item.quantity,
    unit_price: price,
    total: { amount: price.amount * item.quantity, currency: price.currency },
  };
}

function sum(lines: readonly OrderLine[]): Money {
  const [currency, ...others] = new Set(lines.map((line) => line.total.currency));
  if (currency === undefined || others.length > 0) {
    throw refuse('currency_mismatch', 'All products of an order must be in one currency.');
  }
  const amount = lines.reduce((subtotal, line) => subtotal + line.total.amount, 0);
  if (amount > AMOUNT_MAX) {
    throw refuse('total_too_high', `An order may come to ${AMOUNT_MAX} minor units at most.`);
  }
  return { amount, currency };
}

function refuse(
  reason: string,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): ProblemError {
  return new ProblemError('unprocessable', detail, { reason, extensions });
}
