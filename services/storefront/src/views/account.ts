import type { Account, Address } from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { addressFields, addressLine } from './address-fields.ts';
import { correctThis, field, type FormState } from './field.ts';

export type AccountForms = { readonly name: FormState; readonly address: FormState };

export function accountView(options: {
  account: Account;
  addresses: readonly Address[];
  forms: AccountForms;
  note: string | undefined;
}): VNode {
  const { account, addresses, forms, note } = options;
  const adding = Object.keys(forms.address.errors).length > 0;
  return html`<h1>Your account</h1>
    ${note && html`<p class="notice" role="status">${note}</p>`}
    <div class="account">
      <section aria-labelledby="you">
        <h2 id="you">You</h2>
        <p class="muted">${account.email}</p>
        ${correctThis(forms.name)}
        <form method="post" action="/account">
          ${field(
            {
              fields: { account_name: account.name, ...forms.name.fields },
              errors: forms.name.errors,
            },
            { name: 'account_name', label: 'Your name', autocomplete: 'name', maxlength: 120 },
          )}
          <button type="submit" class="quiet">Save name</button>
        </form>
        <form method="post" action="/sign-out">
          <button type="submit" class="plain">Sign out</button>
        </form>
      </section>
      <section aria-labelledby="addresses">
        <h2 id="addresses">Addresses</h2>
        ${addresses.length === 0 && html`<p class="muted">None yet.</p>`}
        <ul class="addresses">
          ${addresses.map(addressRow)}
        </ul>
        <details open=${adding}>
          <summary>Add an address</summary>
          ${correctThis(forms.address)}
          <form method="post" action="/account/addresses">
            ${addressFields(forms.address, { required: true })}
            <button type="submit">Save address</button>
          </form>
        </details>
      </section>
    </div>`;
}

function addressRow(address: Address): VNode {
  const line = addressLine(address);
  return html`<li>
    <span>${line}</span>
    <form method="post" action="/account/addresses/${address.id}/delete">
      <button type="submit" class="plain" aria-label="Remove ${line}">Remove</button>
    </form>
  </li>`;
}
