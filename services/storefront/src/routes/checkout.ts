import type { Clock } from '@faultline/chassis/clock';
import { uuidv7 } from '@faultline/chassis/ids';
import { addAddress, type Address, listAddresses } from '@faultline/contracts/profiles';
import type { Basket } from '../basket.ts';
import { type Checkout, checkCheckout, hiddenParts } from '../checkout-form.ts';
import type { Memory } from '../memory.ts';
import { type Outcome, sendOrder, unknown } from '../place-order.ts';
import { priceBasket } from '../priced-basket.ts';
import type { PageHandler, Reply } from '../shell.ts';
import { checkoutView, type CheckoutMessage } from '../views/checkout.ts';
import { emptyForm, type FormState } from '../views/field.ts';
import type { Visit } from '../visit.ts';

type Deps = { memory: Memory; clock: Clock };
type CheckoutVisit = Visit<'checkout'> | Visit<'placeOrder'>;

/** Where to send the basket and how to pay for it. */
export function checkoutPage(deps: Deps): PageHandler<'checkout'> {
  return async (visit) => {
    if (visit.basket.size === 0) return { seeOther: '/basket' };
    const addresses = await addressesOf(visit);
    return showCheckout(visit, deps, { items: visit.basket, addresses, form: emptyForm });
  };
}

/**
 * Places the order that the form describes: the items it showed, not what is in the basket by now,
 * under the key it was rendered with.
 */
export function placeOrderAction(deps: Deps): PageHandler<'placeOrder'> {
  return async (visit) => {
    const fields = await visit.form();
    const { key, items } = hiddenParts(fields);
    const addresses = await addressesOf(visit);
    const show = (options: Partial<CheckoutState> & { form: FormState }) =>
      showCheckout(visit, deps, { items, addresses, key, ...options });
    const checked = checkCheckout(fields, addresses);
    if (!checked.ok) return show({ form: checked, status: 422 });
    const outcome = await send(visit, checked.value, deps.clock);
    if (outcome.kind === 'placed') {
      if (checked.value.keepAddress) {
        await visit.want('profiles', addAddress, { body: checked.value.address });
      }
      return { seeOther: `/orders/${outcome.orderId}`, basket: minus(visit.basket, items) };
    }
    const { status, title, text, short, key: which } = outcome;
    const form = { fields, errors: {} };
    const nextKey = which === 'same' ? key : uuidv7(deps.clock);
    return show({ form, status, key: nextKey, message: { title, text, short } });
  };
}

async function send(
  visit: Visit<'placeOrder'>,
  { items, address, token, key }: Checkout,
  clock: Clock,
): Promise<Exclude<Outcome, { kind: 'busy' }>> {
  const request = {
    headers: { 'idempotency-key': key },
    body: {
      items: [...items].map(([product_id, quantity]) => ({ product_id, quantity })),
      shipping_address: address,
      payment: { token },
    },
  };
  const outcome = await sendOrder(visit, request, clock);
  return outcome.kind === 'busy' ? unknown : outcome;
}

type CheckoutState = {
  items: Basket;
  addresses: readonly Address[];
  form: FormState;
  key?: string;
  status?: number;
  message?: CheckoutMessage;
};

async function showCheckout(
  visit: CheckoutVisit,
  { memory, clock }: Deps,
  state: CheckoutState,
): Promise<Reply> {
  const { items, addresses, form, key = uuidv7(clock), status = 200, message } = state;
  const basket = await priceBasket(visit, items, memory);
  // What nobody can name or price is sorted out in the basket; an order already sent is not.
  const complete = basket.gone.length === 0 && basket.unknown.length === 0;
  if (!complete && !message) return { seeOther: '/basket' };
  const body = checkoutView({ items, basket, addresses, form, key, message });
  return { title: 'Check out', status, body };
}

async function addressesOf(visit: CheckoutVisit): Promise<readonly Address[]> {
  const reply = await visit.want('profiles', listAddresses, {});
  return reply?.body.items ?? [];
}

function minus(basket: Basket, ordered: Basket): Basket {
  return new Map([...basket].filter(([id]) => !ordered.has(id)));
}
