import { ProblemError } from '@faultline/chassis/errors';
import { id } from '@faultline/contracts/common';
import { getAvailability } from '@faultline/contracts/inventory';
import { z } from 'zod';
import { addToBasket, type Basket, basketLinesMax, quantityMax } from '../basket.ts';
import { checkForm, type Fields } from '../forms.ts';
import type { Memory } from '../memory.ts';
import { priceBasket } from '../priced-basket.ts';
import type { PageHandler, Reply } from '../shell.ts';
import { basketView } from '../views/basket.ts';
import type { Visit } from '../visit.ts';

const notes = new Map([
  ['added', 'Added to your basket.'],
  ['full', `A basket holds ${basketLinesMax} different products; this one did not fit.`],
  ['changed', 'Your basket was updated.'],
]);

const addition = z.strictObject({
  product_id: id,
  quantity: z.coerce.number().int().min(1).max(quantityMax).default(1),
});

/** What is in the basket, at the catalog's prices of now. */
export function basketPage({ memory }: { memory: Memory }): PageHandler<'basket'> {
  return async (visit) => {
    const product_ids = [...visit.basket.keys()];
    const [basket, stock] = await Promise.all([
      priceBasket(visit, visit.basket, memory),
      product_ids.length > 0
        ? visit.want('inventory', getAvailability, { body: { product_ids } })
        : undefined,
    ]);
    const available = new Map(
      stock?.body.items.map((item) => [item.product_id, item.available] as const),
    );
    const note = notes.get(visit.query.get('note') ?? '');
    return { title: 'Your basket', body: basketView({ basket, available, note }) };
  };
}

/** Puts a product into the basket. */
export async function addItem(visit: Visit<'addToBasket'>): Promise<Reply> {
  const form = checkForm(addition, await visit.form());
  if (!form.ok) {
    throw new ProblemError(
      'invalid_request',
      `Expected a product and a quantity from 1 to ${quantityMax}.`,
    );
  }
  const basket = addToBasket(visit.basket, form.value.product_id, form.value.quantity);
  if (!basket) return { seeOther: '/basket?note=full' };
  return { seeOther: '/basket?note=added', basket };
}

/** Changes quantities, 0 takes a product out; or removes one product. */
export async function changeBasket(visit: Visit<'changeBasket'>): Promise<Reply> {
  const { remove, ...quantities } = await visit.form();
  const basket = withQuantities(visit.basket, quantities);
  if (remove !== undefined) {
    return { seeOther: '/basket?note=changed', basket: lessOf(visit.basket, remove) };
  }
  return { seeOther: '/basket?note=changed', basket };
}

function lessOf(basket: Basket, productId: string): Basket {
  return new Map([...basket].filter(([candidate]) => candidate !== productId));
}

/** Only products that are in the basket can change; an old form says nothing about others. */
function withQuantities(basket: Basket, fields: Fields): Basket {
  const wanted = new Map<string, number>();
  for (const [name, text] of Object.entries(fields)) {
    const quantity = Number(text);
    if (!/^quantity\.[0-9a-f-]{36}$/.test(name) || !/^\d{1,2}$/.test(text)) {
      throw new ProblemError('invalid_request', `Expected quantities from 0 to ${quantityMax}.`);
    }
    wanted.set(name.slice('quantity.'.length), quantity);
  }
  const changed = [...basket].map(([product, now]): [string, number] => [
    product,
    wanted.get(product) ?? now,
  ]);
  return new Map(changed.filter(([, quantity]) => quantity > 0));
}
