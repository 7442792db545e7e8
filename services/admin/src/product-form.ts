import { ProblemError } from '@faultline/chassis/errors';
import { parseStrictJson, StrictJsonError } from '@faultline/chassis/strict-json';
import { type Product, type ProductDraft, productDraft } from '@faultline/contracts/catalog';
import { decimal, parseDecimal } from './view/money.ts';

const names = [
  'name',
  'slug',
  'category',
  'price',
  'currency',
  'description',
  'attributes',
  'image_ids',
  'version',
] as const;

export type FieldName = (typeof names)[number];

/** A product as it stands in a form: text. */
export type ProductForm = Readonly<Record<FieldName, string>>;

export type FieldErrors = Readonly<Partial<Record<FieldName, string>>>;

export const emptyForm: ProductForm = {
  name: '',
  slug: '',
  category: '',
  price: '',
  currency: 'EUR',
  description: '',
  attributes: '{}',
  image_ids: '',
  version: '0',
};

export function formOf(product: Product): ProductForm {
  const { name, slug, category, description } = product;
  return {
    name,
    slug,
    category,
    description,
    price: decimal(product.price.amount),
    currency: product.price.currency,
    attributes: JSON.stringify(product.attributes, null, 2),
    image_ids: product.image_ids.join('\n'),
    version: String(product.version),
  };
}

/** The fields as they were typed. */
export function typedForm(sent: URLSearchParams): ProductForm {
  const typed = { ...emptyForm };
  for (const name of names) typed[name] = (sent.get(name) ?? '').replaceAll('\r\n', '\n');
  return typed;
}

/** The product that was typed, or what is wrong with each field. */
export function parseForm(
  typed: ProductForm,
): { ok: true; draft: ProductDraft } | { ok: false; errors: FieldErrors } {
  const attributes = parseAttributes(typed.attributes);
  const result = productDraft.safeParse({
    name: typed.name,
    slug: typed.slug.trim(),
    category: typed.category.trim(),
    price: { amount: parseDecimal(typed.price), currency: typed.currency },
    description: typed.description,
    attributes: attributes.value,
    image_ids: typed.image_ids.split(/\s+/).filter(Boolean),
  });
  const errors: Partial<Record<FieldName, string>> = attributes.fault
    ? { attributes: attributes.fault }
    : {};
  for (const issue of result.error?.issues ?? []) {
    const field = fieldOf(issue.path);
    errors[field] ??= typed[field].trim() === '' ? 'Please fill this in.' : explain(field, issue);
  }
  if (result.success && !attributes.fault) return { ok: true, draft: result.data };
  return { ok: false, errors };
}

/**
 * The version of the product that the form was made from.
 * @throws ProblemError 400 when the form is none of ours.
 */
export function versionOf(typed: ProductForm): number {
  if (!/^[1-9]\d{0,8}$/.test(typed.version)) {
    throw new ProblemError('invalid_request', 'The form does not say which version it changes.');
  }
  return Number(typed.version);
}

function parseAttributes(text: string): { value: unknown; fault?: string } {
  try {
    return { value: parseStrictJson(text.trim() || '{}') };
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    return { value: {}, fault: `Please write JSON: ${error.message}.` };
  }
}

function fieldOf(path: readonly PropertyKey[]): FieldName {
  if (path[0] === 'price') return path[1] === 'currency' ? 'currency' : 'price';
  return names.find((name) => name === path[0]) ?? 'attributes';
}

function explain(
  field: FieldName,
  issue: { path: readonly PropertyKey[]; message: string },
): string {
  if (field === 'price') return 'Please write an amount from 0 to 1000000, such as 19.99.';
  const inside = field === 'attributes' ? issue.path.slice(1).join('.') : '';
  return `Please check ${inside || 'this'}: ${issue.message}.`;
}
