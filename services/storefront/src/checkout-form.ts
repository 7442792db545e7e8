import { isDeepStrictEqual } from 'node:util';
import { ProblemError } from '@faultline/chassis/errors';
import { id } from '@faultline/contracts/common';
import { type Address, postalAddress, type PostalAddress } from '@faultline/contracts/profiles';
import { z } from 'zod';
import { type Basket, formatBasket, parseBasket } from './basket.ts';
import { checkForm, type FieldErrors, type Fields, type FormResult } from './forms.ts';
import { paymentMethods } from './payment-methods.ts';

const addressFieldNames = ['name', 'line1', 'line2', 'city', 'postal_code', 'country'] as const;

const text = z.string().optional();

const checkoutForm = z.strictObject({
  key: id,
  items: z.string().min(1),
  address: z.union([id, z.literal('new')], { error: 'choose an address' }),
  payment: z.enum(
    paymentMethods.map(({ token }) => token),
    { error: 'choose how to pay' },
  ),
  save: z.literal('yes').optional(),
  name: text,
  line1: text,
  line2: text,
  city: text,
  postal_code: text,
  country: text,
});

/** A checkout as it was sent: what is bought, where it goes and how it is paid. */
export type Checkout = {
  readonly items: Basket;
  readonly key: string;
  readonly token: string;
  readonly address: PostalAddress;
  /** The address was typed and shall be kept in the account. */
  readonly keepAddress: boolean;
};

/**
 * The parts of the form that people do not type.
 * @throws ProblemError 400 when they are not as the form was rendered.
 */
export function hiddenParts(fields: Fields): { key: string; items: Basket } {
  const items = parseBasket(fields['items'] ?? '');
  const intact = items.size > 0 && formatBasket(items) === fields['items'];
  const key = id.safeParse(fields['key']);
  if (!intact || !key.success) {
    throw new ProblemError('invalid_request', 'The checkout form is not one of ours.');
  }
  return { key: key.data, items };
}

/** Checks what was typed and chosen. `addresses`: those the account keeps. */
export function checkCheckout(fields: Fields, addresses: readonly Address[]): FormResult<Checkout> {
  const { key, items } = hiddenParts(fields);
  const form = checkForm(checkoutForm, fields);
  const chosen = chooseAddress(fields, addresses);
  if (!form.ok || !chosen.ok) {
    const errors: FieldErrors = {
      ...(form.ok ? {} : form.errors),
      ...(chosen.ok ? {} : chosen.errors),
    };
    return { ok: false, errors, fields };
  }
  const { payment: token, save, address } = form.value;
  const typed = chosen.value;
  // A form that is sent again must not keep its address again: the order's key does not cover it.
  const isKept = addresses.some((kept) => isDeepStrictEqual({ ...typed, id: kept.id }, kept));
  const keepAddress = save === 'yes' && address === 'new' && !isKept;
  return { ok: true, value: { key, items, token, address: typed, keepAddress } };
}

function chooseAddress(fields: Fields, addresses: readonly Address[]): FormResult<PostalAddress> {
  if (fields['address'] === 'new') {
    const typed = addressFieldNames.flatMap((name) => {
      const value = fields[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return checkForm(postalAddress, Object.fromEntries(typed));
  }
  const saved = addresses.find((address) => address.id === fields['address']);
  if (!saved) return { ok: false, errors: { address: 'Please choose an address.' }, fields };
  const { id: _id, ...address } = saved;
  return { ok: true, value: address };
}
