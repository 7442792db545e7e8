import {
  adminArchiveProduct,
  adminCreateProduct,
  adminReadProduct,
  adminUpdateProduct,
  type Product,
  type ProductDraft,
} from '@faultline/contracts/catalog';
import { readStock, type StockLevel } from '@faultline/contracts/inventory';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import {
  emptyForm,
  type FieldErrors,
  formOf,
  parseForm,
  type ProductForm,
  typedForm,
  versionOf,
} from '../product-form.ts';
import { changeStock, type RefusedStock } from '../stock-change.ts';
import { badge, confirmed, facts, notice } from '../view/parts.ts';
import { productForm } from '../view/product-form.ts';
import { stockForm } from '../view/stock-form.ts';
import { none, type Outcome, type Shown, type Visit } from '../visit.ts';

const path = '/admin/products';

/** One product to edit, with its stock; `new` is an empty form. */
export async function productPage(visit: Visit): Promise<Outcome> {
  if (isNew(visit)) return formPage(visit, { typed: emptyForm });
  return showProduct(visit);
}

/** Creates or replaces a product; what is refused is shown above the form, as it was typed. */
export async function saveProduct(visit: Visit): Promise<Outcome> {
  const id = isNew(visit) ? undefined : visit.id('product');
  const sent = await visit.form();
  const typed = typedForm(sent);
  const archived = sent.get('archived') === 'yes';
  const again = (status: number, refusal: Refusal) => ({
    ...formPage(visit, { typed, archived, ...refusal }),
    status,
  });
  const parsed = parseForm(typed);
  if (!parsed.ok) {
    return again(400, { fault: 'Please correct the fields marked below.', errors: parsed.errors });
  }
  const reply = await (id === undefined
    ? visit.want('catalog', adminCreateProduct, { body: parsed.draft })
    : replace(visit, id, { typed, draft: parsed.draft, sell: sent.get('status') === 'active' }));
  if (reply === undefined) return again(503, {});
  switch (reply.status) {
    case 200:
    case 201:
      return { seeOther: `${path}/${reply.body.id}?saved` };
    case 412:
      return again(412, {
        fault: html`Somebody else changed this product meanwhile, so nothing was saved. Keep what
          you typed at hand and <a href="${path}/${id}">open their version</a>.`,
      });
    case 404:
      throw none('product');
    default:
      return again(reply.status, { fault: reply.body.detail });
  }
}

/** Takes a product off the shop. */
export async function archiveProduct(visit: Visit): Promise<Outcome> {
  const id = visit.id('product');
  const reply = await visit.need('catalog', adminArchiveProduct, { params: { id } });
  if (reply.status === 404) throw none('product');
  return { seeOther: `${path}/${id}` };
}

/** Sets the stock from a product's own page. */
export async function setProductStock(visit: Visit): Promise<Outcome> {
  const refused = await changeStock(visit);
  if (refused) return { ...(await showProduct(visit, refused)), status: refused.status };
  return { seeOther: `${path}/${visit.id('product')}?saved` };
}

type Refusal = { fault?: ComponentChildren; errors?: FieldErrors };

function isNew(visit: Visit): boolean {
  return visit.ctx['params'].id === 'new';
}

function replace(
  visit: Visit,
  id: string,
  { typed, draft, sell }: { typed: ProductForm; draft: ProductDraft; sell: boolean },
) {
  const body = {
    ...draft,
    version: versionOf(typed),
    ...(sell ? { status: 'active' as const } : {}),
  };
  return visit.want('catalog', adminUpdateProduct, { params: { id }, body });
}

async function showProduct(visit: Visit, refused?: RefusedStock): Promise<Shown> {
  const params = { id: visit.id('product') };
  const [found, stock] = await Promise.all([
    visit.need('catalog', adminReadProduct, { params }),
    visit.want('inventory', readStock, { params }),
  ]);
  if (found.status === 404) throw none('product');
  const product = found.body;
  const level = stock?.status === 404 ? noStock : stock?.body;
  const side = html`${stockPanel(product, level, refused)} ${archivePanel(product)}`;
  const typed = formOf(product);
  const archived = product.status === 'archived';
  return formPage(visit, { typed, archived, fault: refused?.notice, side });
}

const noStock = { available: 0, reserved: 0, sold: 0, version: 0 };

function stockPanel(
  product: Product,
  level: Pick<StockLevel, 'available' | 'reserved' | 'sold' | 'version'> | undefined,
  refused: RefusedStock | undefined,
): ComponentChildren {
  const action = `${path}/${product.id}/stock`;
  return html`<section class="panel">
    <h2>Stock</h2>
    ${
      level
        ? html`${facts([
            ['Available', level.available],
            ['Reserved', level.reserved],
            ['Sold', level.sold],
          ])}
          ${stockForm({ action, name: product.name, level, refused })}`
        : html`<p class="empty">Cannot be shown now.</p>`
    }
  </section>`;
}

function archivePanel(product: Product): ComponentChildren {
  return html`<section class="panel">
    <h2>On sale ${badge(product.status)}</h2>
    ${
      product.status === 'active'
        ? html`<p><a href="/products/${product.slug}">See it in the shop</a></p>
            ${confirmed({
              action: `${path}/${product.id}/archive`,
              ask: 'Archive product…',
              consequence: 'It leaves the shop; orders go on showing it. You can sell it again.',
              button: 'Archive product',
            })}`
        : html`<p>It is not in the shop. You can save it and sell it again.</p>`
    }
  </section>`;
}

function formPage(
  visit: Visit,
  page: Refusal & { typed: ProductForm; archived?: boolean; side?: ComponentChildren },
): Shown {
  const { typed, archived = false, errors = {}, fault, side } = page;
  const title = isNew(visit) ? 'New product' : typed.name || 'Product';
  const action = isNew(visit) ? `${path}/new` : `${path}/${visit.id('product')}`;
  const saved = visit.ctx.method === 'GET' && visit.query.has('saved');
  const content = html`<p class="crumb"><a href=${path}>Products</a></p>
    <h1>${title}</h1>
    ${notice(fault)} ${saved && notice('Saved.', 'good')}
    <div class="columns">
      ${productForm({ action, typed, errors, archived })}
      <div class="side">${side}</div>
    </div>`;
  return { title, content };
}
