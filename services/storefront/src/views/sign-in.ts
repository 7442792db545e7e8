import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { correctThis, field, type FormState } from './field.ts';

type Options = { form: FormState; next: string; message: string | undefined };

export function signInView({ form, next, message }: Options): VNode {
  return html`<div class="narrow">
    <h1>Sign in</h1>
    ${alert(message) ?? correctThis(form)}
    <form method="post" action="/sign-in">
      <input type="hidden" name="next" value=${next} />
      ${emailField(form)}
      ${field(form, {
        name: 'password',
        label: 'Password',
        type: 'password',
        autocomplete: 'current-password',
        maxlength: 200,
      })}
      <button type="submit">Sign in</button>
    </form>
    <p>${'New here? '}<a href="/sign-up?next=${encodeURIComponent(next)}">Create an account</a></p>
  </div>`;
}

export function signUpView({ form, next, message }: Options): VNode {
  return html`<div class="narrow">
    <h1>Create an account</h1>
    ${alert(message) ?? correctThis(form)}
    <form method="post" action="/sign-up">
      <input type="hidden" name="next" value=${next} />
      ${field(form, { name: 'name', label: 'Your name', autocomplete: 'name', maxlength: 120 })}
      ${emailField(form)}
      ${field(form, {
        name: 'password',
        label: 'Password',
        type: 'password',
        autocomplete: 'new-password',
        hint: 'At least 10 characters.',
        minlength: 10,
        maxlength: 200,
      })}
      <button type="submit">Create account</button>
    </form>
    <p>${'Have one already? '}<a href="/sign-in?next=${encodeURIComponent(next)}">Sign in</a></p>
  </div>`;
}

function emailField(form: FormState): VNode {
  return field(form, {
    name: 'email',
    label: 'E-mail address',
    type: 'email',
    autocomplete: 'username',
    maxlength: 254,
  });
}

function alert(message: string | undefined): VNode | undefined {
  return message ? html`<p class="notice bad" role="alert">${message}</p>` : undefined;
}
