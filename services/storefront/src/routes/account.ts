import { ProblemError } from '@faultline/chassis/errors';
import { id } from '@faultline/contracts/common';
import {
  addAddress,
  deleteAddress,
  getMe,
  listAddresses,
  postalAddress,
  updateMe,
} from '@faultline/contracts/profiles';
import { z } from 'zod';
import { checkForm } from '../forms.ts';
import type { Reply } from '../shell.ts';
import { type AccountForms, accountView } from '../views/account.ts';
import { emptyForm } from '../views/field.ts';
import type { Visit } from '../visit.ts';

const notes = new Map([
  ['name', 'Your name was changed.'],
  ['address', 'The address was added.'],
  ['removed', 'The address was removed.'],
]);

const nameForm = z.strictObject({ account_name: updateMe.body.shape.name });

type AccountVisit = Visit<'account'> | Visit<'changeName'> | Visit<'addAddress'>;

/** Your name, your addresses, the way out. */
export async function accountPage(visit: Visit<'account'>): Promise<Reply> {
  return await show(visit, {}, 200);
}

export async function changeName(visit: Visit<'changeName'>): Promise<Reply> {
  const form = checkForm(nameForm, await visit.form());
  if (!form.ok) return await show(visit, { name: form }, 422);
  await visit.need('profiles', updateMe, { body: { name: form.value.account_name } });
  return { seeOther: '/account?note=name' };
}

export async function addAddressAction(visit: Visit<'addAddress'>): Promise<Reply> {
  const fields = await visit.form();
  const form = checkForm(postalAddress, fields);
  if (!form.ok) return await show(visit, { address: form }, 422);
  const reply = await visit.need('profiles', addAddress, { body: form.value });
  if (reply.status === 201) return { seeOther: '/account?note=address' };
  const errors = { name: 'You have as many addresses as can be kept; remove one first.' };
  return await show(visit, { address: { fields, errors } }, 409);
}

export async function removeAddress(visit: Visit<'removeAddress'>): Promise<Reply> {
  const address = id.safeParse(visit.param('id'));
  if (!address.success) throw new ProblemError('not_found', 'There is no such address.');
  // One that is gone already is just as removed.
  await visit.need('profiles', deleteAddress, { params: { id: address.data } });
  return { seeOther: '/account?note=removed' };
}

async function show(
  visit: AccountVisit,
  forms: Partial<AccountForms>,
  status: number,
): Promise<Reply> {
  const [account, addresses] = await Promise.all([
    visit.need('profiles', getMe, {}),
    visit.need('profiles', listAddresses, {}),
  ]);
  return {
    title: 'Your account',
    status,
    body: accountView({
      account: account.body,
      addresses: addresses.body.items,
      forms: { name: emptyForm, address: emptyForm, ...forms },
      note: notes.get(visit.query.get('note') ?? ''),
    }),
  };
}
