import { ProblemError } from '@faultline/chassis/errors';
import type { z } from 'zod';

/** What to say beside each field that does not fit. */
export type FieldErrors = Readonly<Record<string, string>>;

export type FormResult<T> =
  | { ok: true; value: T }
  | { ok: false; errors: FieldErrors; fields: Fields };

/** A form's fields as they were sent; empty ones are left out. */
export type Fields = Readonly<Record<string, string>>;

/**
 * The fields of a form, each at most once.
 * @throws ProblemError 400 for a field that came twice, which no form of ours sends.
 */
export function fieldsOf(form: URLSearchParams): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (fields.has(name)) throw notOurs(name);
    fields.set(name, value);
  }
  return Object.fromEntries([...fields].filter(([, value]) => value.trim() !== ''));
}

/**
 * Checks a form against a strict schema.
 * @throws ProblemError 400 for fields the schema does not know.
 */
export function checkForm<S extends z.ZodType>(schema: S, fields: Fields): FormResult<z.output<S>> {
  const result = schema.safeParse(fields);
  if (result.success) return { ok: true, value: result.data };
  const errors = new Map<string, string>();
  for (const issue of result.error.issues) {
    const [name = ''] = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') throw notOurs(issue.keys.join(', '));
    if (!errors.has(name)) errors.set(name, explain(issue));
  }
  return { ok: false, errors: Object.fromEntries(errors), fields };
}

function notOurs(names: string): ProblemError {
  return new ProblemError(
    'invalid_request',
    `The form has a field that does not belong there: ${names.slice(0, 100)}.`,
  );
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return 'Please fill this in.';
  if (issue.code === 'too_small' && issue.minimum === 1) return 'Please fill this in.';
  if (issue.code === 'too_big') return `Please use at most ${issue.maximum} characters.`;
  return `Please check this: ${issue.message}.`;
}
