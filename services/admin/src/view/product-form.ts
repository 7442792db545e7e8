import { currency } from '@faultline/contracts/common';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { FieldErrors, FieldName, ProductForm } from '../product-form.ts';

type Field = { name: FieldName; label: string; hint?: string; rows?: number; code?: boolean };

/** The form of a product, as `typed`, with what is wrong beside each field. */
export function productForm(options: {
  action: string;
  typed: ProductForm;
  errors: FieldErrors;
  archived: boolean;
}): ComponentChildren {
  const { action, typed, errors, archived } = options;
  const field = (one: Field) => formField(one, typed, errors);
  return html`<form class="panel fields" method="post" action=${action} novalidate>
    <input type="hidden" name="version" value=${typed.version} />
    <input type="hidden" name="archived" value=${archived ? 'yes' : 'no'} />
    ${field({ name: 'name', label: 'Name' })}
    <div class="row">
      ${field({ name: 'slug', label: 'Slug', hint: 'Its address: lower-case words and -' })}
      ${field({ name: 'category', label: 'Category', hint: 'The slug of a category, new or not' })}
    </div>
    <div class="row">
      ${field({ name: 'price', label: 'Price' })} ${currencyField(typed, errors)}
    </div>
    ${field({ name: 'description', label: 'Description', rows: 4 })}
    ${field({
      name: 'attributes',
      label: 'Attributes',
      hint: 'JSON: any names in snake_case with texts, numbers, yes or no, or lists of texts',
      rows: 8,
      code: true,
    })}
    ${field({ name: 'image_ids', label: 'Pictures', hint: 'Their ids, one a line', rows: 2, code: true })}
    <p class="actions">
      <button>Save product</button>
      ${archived && html`<button class="quiet" name="status" value="active">Save and sell again</button>`}
    </p>
  </form>`;
}

function formField(field: Field, typed: ProductForm, errors: FieldErrors): ComponentChildren {
  const { name, label, hint, rows, code } = field;
  const attributes = { id: name, name, ...described(name, { hint, error: errors[name] }) };
  return html`<div class="field">
    <label for=${name}>${label}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${
      rows
        ? html`<textarea
            ...${attributes}
            class=${code ? 'code' : undefined}
            rows=${rows}
            spellcheck=${code ? 'false' : undefined}
            value=${typed[name]}
          />`
        : html`<input ...${attributes} autocomplete="off" value=${typed[name]} />`
    }
    ${fieldError(name, errors)}
  </div>`;
}

function currencyField(typed: ProductForm, errors: FieldErrors): ComponentChildren {
  const name = 'currency';
  return html`<div class="field">
    <label for=${name}>Currency</label>
    <select id=${name} name=${name} ...${described(name, { error: errors[name] })}>
      ${currency.options.map(
        (option) =>
          html`<option value=${option} selected=${option === typed.currency}>${option}</option>`,
      )}
    </select>
    ${fieldError(name, errors)}
  </div>`;
}

function described(name: string, about: { hint?: string | undefined; error: string | undefined }) {
  const ids = [about.hint && `${name}-hint`, about.error && `${name}-error`].filter(Boolean);
  return {
    'aria-invalid': about.error ? 'true' : undefined,
    'aria-describedby': ids.length > 0 ? ids.join(' ') : undefined,
  };
}

function fieldError(name: FieldName, errors: FieldErrors): ComponentChildren {
  const error = errors[name];
  return error && html`<p class="error" id="${name}-error">${error}</p>`;
}
