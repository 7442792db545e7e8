import { parseStrictJson, StrictJsonError } from '@faultline/chassis/strict-json';
import {
  adminArchiveProduct,
  adminCreateProduct,
  adminListProducts,
  adminUpdateProduct,
  type Product,
  productDraft,
  productUpdate,
} from '@faultline/contracts/catalog';
import { ProblemError } from '@faultline/chassis/errors';
import { id as uuid } from '@faultline/contracts/common';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { Neighbours } from '../neighbours.ts';
import type { Outcome, PageHandler, Visit } from '../view/page.ts';
import {
  badge,
  decimal,
  formatMoney,
  nextPage,
  parseDecimal,
  searchForm,
  table,
} from '../view/parts.ts';
import { notice } from '../view/problem.ts';

const path = '/admin/products';

/** All products by name, archived ones too. */
export function productsPage(to: Neighbours): PageHandler {
  return async ({ call, query }) => {
    const q = query.get('q') ?? '';
    const cursor = query.get('cursor') ?? undefined;
    const request = { query: { limit: 50, ...(q && { q }), ...(cursor && { cursor }) } };
    const { body } = await to.catalog.call(adminListProducts, request, call);
    const content = html`<h1>Products</h1>
      <p><a class="button" href="${path}/new">New product</a></p>
      ${searchForm(path, 'Find products', q)}
      ${table({
        caption: 'Products',
        columns: ['Name', 'Category', 'Price', 'Status'],
        empty: 'No products match.',
        rows: body.items.map(
          (product) =>
            html`<tr>
              <td><a href="${path}/${product.id}">${product.name}</a></td>
              <td>${product.category}</td>
              <td class="number">${formatMoney(product.price)}</td>
              <td>${badge(product.status)}</td>
            </tr>`,
        ),
      })}
      ${nextPage(path, query, body.next_cursor)}`;
    return { title: 'Products', content };
  };
}

/** The form of one product; `new` is an empty one. */
export function productPage(to: Neighbours): PageHandler {
  return async (visit) => {
    if (visit.params['id'] === 'new') return formPage(visit, emptyForm, undefined);
    const product = await findProduct(to, visit);
    return formPage(visit, formOf(product), product);
  };
}

/** Creates or replaces a product; what the catalog refuses is shown above the form as typed. */
export function saveProduct(to: Neighbours): PageHandler {
  return async (visit) => {
    const typed = Object.fromEntries(visit.form);
    const parsed = draftOf(visit.form);
    if ('fault' in parsed)
      return formPage(visit, { ...emptyForm, ...typed }, undefined, parsed.fault);
    const reply =
      visit.params['id'] === 'new'
        ? await to.catalog.call(
            adminCreateProduct,
            { body: productDraft.parse(parsed.draft) },
            visit.call,
          )
        : await to.catalog.call(
            adminUpdateProduct,
            {
              params: { id: idOf(visit) },
              body: productUpdate.parse({
                ...parsed.draft,
                version: Number(visit.form.get('version')),
              }),
            },
            visit.call,
          );
    if (reply.status === 200 || reply.status === 201) return { redirect: path };
    const advice =
      reply.status === 412
        ? 'Somebody else changed this product. Open it again to see their version.'
        : reply.body.detail;
    return {
      ...formPage(visit, { ...emptyForm, ...typed }, undefined, advice),
      status: reply.status,
    };
  };
}

/** Takes a product off the shop. */
export function archiveProduct(to: Neighbours): PageHandler {
  return async (visit) => {
    const reply = await to.catalog.call(
      adminArchiveProduct,
      { params: { id: idOf(visit) } },
      visit.call,
    );
    if (reply.status === 404) throw new ProblemError('not_found', 'There is no such product.');
    return { redirect: path };
  };
}

type Form = Record<
  | 'slug'
  | 'name'
  | 'description'
  | 'category'
  | 'price'
  | 'currency'
  | 'attributes'
  | 'image_ids'
  | 'version',
  string
>;

const emptyForm: Form = {
  slug: '',
  name: '',
  description: '',
  category: '',
  price: '',
  currency: 'EUR',
  attributes: '{}',
  image_ids: '',
  version: '0',
};

function formOf(product: Product): Form {
  return {
    ...product,
    price: decimal(product.price),
    currency: product.price.currency,
    attributes: JSON.stringify(product.attributes, null, 2),
    image_ids: product.image_ids.join('\n'),
    version: String(product.version),
  };
}

function draftOf(form: URLSearchParams): { draft: Record<string, unknown> } | { fault: string } {
  let attributes: unknown;
  try {
    attributes = parseStrictJson(form.get('attributes') || '{}');
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    return { fault: `Attributes: ${error.message}.` };
  }
  const draft = {
    slug: form.get('slug'),
    name: form.get('name'),
    description: form.get('description')?.replaceAll('\r\n', '\n'),
    category: form.get('category'),
    price: { amount: parseDecimal(form.get('price') ?? ''), currency: form.get('currency') },
    attributes,
    image_ids: (form.get('image_ids') ?? '').split(/\s+/).filter(Boolean),
  };
  const result = productDraft.safeParse(draft);
  if (result.success) return { draft };
  return {
    fault: result.error.issues
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
      .join(' · '),
  };
}

async function findProduct(to: Neighbours, visit: Visit): Promise<Product> {
  const id = idOf(visit);
  const { body } = await to.catalog.call(
    adminListProducts,
    { query: { limit: 1, q: id } },
    visit.call,
  );
  const [product] = body.items;
  if (product?.id !== id) throw new ProblemError('not_found', 'There is no such product.');
  return product;
}

function idOf({ params }: Visit): string {
  const result = uuid.safeParse(params['id']);
  if (!result.success) throw new ProblemError('not_found', 'There is no such product.');
  return result.data;
}

function formPage(
  visit: Visit,
  form: Form,
  product: Product | undefined,
  fault?: string,
): Outcome & { title: string } {
  const action = `${path}/${visit.params['id'] ?? 'new'}`;
  const title = form.name || 'New product';
  const content = html`<h1>${title}</h1>
    ${notice(fault)}
    <form class="stacked" method="post" action=${action}>
      <input type="hidden" name="version" value=${form.version} />
      ${input('Name', 'name', form.name)} ${input('Slug', 'slug', form.slug)}
      ${input('Category', 'category', form.category)} ${input('Price', 'price', form.price)}
      ${input('Currency', 'currency', form.currency)}
      <label
        >Description <textarea name="description" rows="4" required>${form.description}</textarea>
      </label>
      <label
        >Attributes (JSON)
        <textarea name="attributes" rows="8" spellcheck="false">${form.attributes}</textarea>
      </label>
      <label
        >Image ids, one a line
        <textarea name="image_ids" rows="2" spellcheck="false">${form.image_ids}</textarea>
      </label>
      <button>Save product</button>
    </form>
    ${
      product?.status === 'active' &&
      html`<form method="post" action="${action}/archive">
        <button class="danger">Archive product</button>
      </form>`
    }`;
  return { title, content, ...(fault === undefined ? {} : { status: 400 }) };
}

function input(label: string, name: string, value: string): ComponentChildren {
  return html`<label>${label} <input name=${name} value=${value} required /></label>`;
}
