import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { FieldErrors, Fields } from '../forms.ts';

/** What a form shows: what was typed into it before, and what was wrong with it. */
export type FormState = { readonly fields: Fields; readonly errors: FieldErrors };

export const emptyForm: FormState = { fields: {}, errors: {} };

export type FieldOptions = {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  autocomplete: string;
  /** May be left empty. */
  optional?: boolean;
  /** Whether the browser insists on it, unless it is optional; by default it does. */
  required?: boolean;
  hint?: string;
  minlength?: number;
  maxlength?: number;
};

/** A labelled input with its hint and its error. What was typed as a password is not sent back. */
export function field(form: FormState, options: FieldOptions): VNode {
  const { name, label, type = 'text', hint, optional = false } = options;
  const required = !optional && (options.required ?? true);
  const error = form.errors[name];
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ');
  return html`<div class="field">
    <label for=${name}>${label}${optional && html`<span class="optional">optional</span>`}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    <input
      id=${name}
      name=${name}
      type=${type}
      value=${type === 'password' ? undefined : form.fields[name]}
      autocomplete=${options.autocomplete}
      required=${required}
      minlength=${options.minlength}
      maxlength=${options.maxlength}
      aria-invalid=${error ? 'true' : undefined}
      aria-describedby=${described || undefined}
    />
    ${fieldError(form, name)}
  </div>`;
}

/** What is wrong with a field, when something is. */
export function fieldError(form: FormState, name: string): VNode | null {
  const error = form.errors[name];
  return error ? html`<p class="error" id="${name}-error">${error}</p>` : null;
}

/** Above a form that has to be corrected. */
export function correctThis({ errors }: FormState): VNode | null {
  if (Object.keys(errors).length === 0) return null;
  return html`<p class="notice bad" role="alert">Please correct the fields marked below.</p>`;
}
