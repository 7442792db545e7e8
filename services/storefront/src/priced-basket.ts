import { quoteProducts } from '@faultline/contracts/catalog';
import type { Money } from '@faultline/contracts/common';
import type { Basket } from './basket.ts';
import type { Memory, Quote } from './memory.ts';
import type { Visit } from './visit.ts';

/** A line of the basket; without a quote when the product is gone or cannot be named. */
export type Line = {
  readonly productId: string;
  readonly quantity: number;
  readonly quote: Quote | undefined;
};

/** The basket with the catalog's prices. `asOfMs`: the oldest of those that come from memory. */
export type PricedBasket = {
  readonly lines: readonly Line[];
  readonly totals: readonly Money[];
  readonly asOfMs: number | undefined;
  /** Lines whose product the catalog no longer sells. */
  readonly gone: readonly Line[];
  /** Lines whose product nobody can name while the catalog is silent. */
  readonly unknown: readonly Line[];
};

type QuotingVisit = Visit<'basket'> | Visit<'checkout'> | Visit<'placeOrder'>;

/** Asks the catalog what the basket costs now, or recalls what it cost last. */
export async function priceBasket(
  visit: QuotingVisit,
  basket: Basket,
  memory: Memory,
): Promise<PricedBasket> {
  const ids = [...basket.keys()];
  if (ids.length === 0) return assemble(basket, { quotes: [], asOfMs: undefined, complete: true });
  const reply = await visit.want('catalog', quoteProducts, { body: { product_ids: ids } });
  if (reply) {
    for (const quote of reply.body.items) memory.quotes.remember(quote.product_id, quote);
    return assemble(basket, { quotes: reply.body.items, asOfMs: undefined, complete: true });
  }
  const last = ids.flatMap((id) => memory.quotes.recall(id) ?? []);
  return assemble(basket, {
    quotes: last.map(({ value }) => value),
    asOfMs: last.length > 0 ? Math.min(...last.map(({ asOfMs }) => asOfMs)) : undefined,
    complete: false,
  });
}

function assemble(
  basket: Basket,
  known: { quotes: readonly Quote[]; asOfMs: number | undefined; complete: boolean },
): PricedBasket {
  const quotes = new Map(known.quotes.map((quote) => [quote.product_id, quote]));
  const lines = [...basket].map(([productId, quantity]) => ({
    productId,
    quantity,
    quote: quotes.get(productId),
  }));
  const without = lines.filter(({ quote }) => quote === undefined);
  return {
    lines,
    totals: sum(lines),
    asOfMs: known.asOfMs,
    gone: known.complete ? without : [],
    unknown: known.complete ? [] : without,
  };
}

/** What a line costs at its quote. */
export function lineTotal({ quote, quantity }: Line): Money | undefined {
  return quote && { ...quote.price, amount: quote.price.amount * quantity };
}

/** The sum in each currency; a shop that sells in one has one. */
function sum(lines: readonly Line[]): Money[] {
  const totals = new Map<Money['currency'], number>();
  for (const { amount, currency } of lines.flatMap((line) => lineTotal(line) ?? [])) {
    totals.set(currency, (totals.get(currency) ?? 0) + amount);
  }
  return [...totals].map(([currency, amount]) => ({ amount, currency }));
}
