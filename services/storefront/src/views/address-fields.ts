import type { PostalAddress } from '@faultline/contracts/profiles';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatCountry } from '../format.ts';
import { field, fieldError, type FormState } from './field.ts';

const countries = [
  ...['AT', 'AU', 'BE', 'BG', 'CA', 'CH', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GB'],
  ...['GR', 'HR', 'HU', 'IE', 'IN', 'IS', 'IT', 'JP', 'LI', 'LT', 'LU', 'LV', 'MT', 'NL', 'NO'],
  ...['NZ', 'PL', 'PT', 'RO', 'SE', 'SG', 'SI', 'SK', 'US', 'ZA'],
]
  .map((code) => ({ code, name: formatCountry(code) }))
  .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));

const parts = {
  name: { label: 'Full name', autocomplete: 'shipping name', maxlength: 120 },
  line1: { label: 'Street and number', autocomplete: 'shipping address-line1', maxlength: 200 },
  line2: {
    label: 'Flat, floor, company',
    autocomplete: 'shipping address-line2',
    maxlength: 200,
    optional: true,
  },
  postal_code: { label: 'Postal code', autocomplete: 'shipping postal-code', maxlength: 20 },
  city: { label: 'City', autocomplete: 'shipping address-level2', maxlength: 120 },
};

/** The fields of a postal address. `required`: whether the browser insists on them. */
export function addressFields(form: FormState, { required }: { required: boolean }): VNode {
  const part = (name: keyof typeof parts) => field(form, { name, required, ...parts[name] });
  return html`<div class="fields">
    ${part('name')}${part('line1')}${part('line2')}
    <div class="row">${part('postal_code')}${part('city')}</div>
    <div class="field">
      <label for="country">Country</label>
      <select id="country" name="country" autocomplete="shipping country" required=${required}>
        ${countries.map(
          ({ code, name }) =>
            html`<option value=${code} selected=${code === (form.fields['country'] ?? 'DE')}>
              ${name}
            </option>`,
        )}
      </select>
      ${fieldError(form, 'country')}
    </div>
  </div>`;
}

/** An address in one line. */
export function addressLine(address: PostalAddress): string {
  return `${address.name}, ${placeLine(address)}`;
}

/** Where an address is, without whose it is. */
export function placeLine({ line1, line2, postal_code, city, country }: PostalAddress): string {
  return [line1, line2, `${postal_code} ${city}`, formatCountry(country)]
    .filter(Boolean)
    .join(', ');
}
