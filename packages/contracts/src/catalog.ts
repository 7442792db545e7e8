import { z } from 'zod';
import {
  cursor,
  id,
  idParams,
  limit,
  money,
  page,
  pageQuery,
  problem,
  text,
  timestamp,
} from './common.ts';
import { rendition } from './images.ts';

export const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by -')
  .max(100);

export const attributeName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'expected snake_case');

/** A product's own attributes: any names, flat values or lists of strings. */
export const attributes = z
  .record(
    attributeName,
    z.union([text(200), z.number().finite(), z.boolean(), z.array(text(100)).max(20)]),
  )
  .refine((value) => Object.keys(value).length <= 40, 'expected at most 40 attributes');

const productFields = {
  slug,
  name: text(200),
  description: text(5_000),
  category: slug,
  price: money,
  attributes,
  image_ids: z.array(id).max(12),
};

export const productDraft = z.strictObject({
  ...productFields,
  attributes: attributes.default({}),
  image_ids: productFields.image_ids.default([]),
});
export type ProductDraft = z.output<typeof productDraft>;

export const productImage = z.object({ image_id: id, renditions: z.array(rendition) });

export const product = z.object({
  id,
  ...productFields,
  /** What stands beside the price; the same for all products. */
  price_label: text(80).optional(),
  images: z.array(productImage),
  status: z.enum(['active', 'archived']),
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
});
export type Product = z.output<typeof product>;

export const facet = z.object({
  name: z.string(),
  values: z.array(z.object({ value: z.string(), count: z.number().int() })),
});
export type Facet = z.output<typeof facet>;

const ATTRIBUTE_FILTER = /^attr\.[a-z][a-z0-9_]{0,39}$/;

/** `attr.<name>=value` filters by any attribute of the documents; repeat it for alternatives. */
export const searchQuery = z
  .object({
    q: z.string().trim().max(200).optional(),
    category: slug.optional(),
    sort: z.enum(['relevance', 'name', 'price', '-price', 'newest']).default('relevance'),
    limit: limit.default(24),
    cursor: cursor.optional(),
  })
  .catchall(z.union([z.string().max(200), z.array(z.string().max(200)).max(10)]))
  .superRefine((query, context) => {
    const known = new Set(['q', 'category', 'sort', 'limit', 'cursor']);
    const filters = Object.keys(query).filter((name) => !known.has(name));
    if (filters.length > 10) context.addIssue('expected at most 10 attribute filters');
    for (const name of filters) {
      if (!ATTRIBUTE_FILTER.test(name)) {
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'unknown parameter; expected attr.<name>',
        });
      }
    }
  });
export type SearchQuery = z.output<typeof searchQuery>;

export const searchResult = z.object({
  ...page(product).shape,
  total: z.number().int(),
  facets: z.array(facet),
});
export type SearchResult = z.output<typeof searchResult>;

export const category = z.object({ slug, name: z.string(), product_count: z.number().int() });
export type Category = z.output<typeof category>;

export const searchProducts = {
  id: 'searchProducts',
  method: 'GET',
  path: '/api/v1/products',
  summary: 'Search products; facets count the values of the attributes of all that match.',
  access: 'anyone',
  query: searchQuery,
  replies: { 200: searchResult },
} as const;

export const listCategories = {
  id: 'listCategories',
  method: 'GET',
  path: '/api/v1/categories',
  summary: 'The categories with how many active products each holds.',
  access: 'anyone',
  replies: { 200: z.object({ items: z.array(category) }) },
} as const;

/** `id` may be a product's id or its slug. */
export const readProduct = {
  id: 'readProduct',
  method: 'GET',
  path: '/internal/v1/products/:id',
  summary: 'One active product by id or slug.',
  access: 'internal',
  params: z.strictObject({ id: z.union([id, slug]) }),
  replies: { 200: product, 404: problem },
} as const;

/** Products that are missing or archived are simply not in the reply. */
export const quoteProducts = {
  id: 'quoteProducts',
  method: 'POST',
  path: '/internal/v1/quotes',
  summary: 'Names and current prices of up to 50 products.',
  access: 'internal',
  body: z.strictObject({ product_ids: z.array(id).min(1).max(50) }),
  replies: {
    200: z.object({
      items: z.array(
        z.object({
          product_id: id,
          slug,
          name: z.string(),
          price: money,
          images: z.array(productImage),
        }),
      ),
    }),
  },
} as const;

export const adminListProducts = {
  id: 'catalogListProducts',
  method: 'GET',
  path: '/internal/v1/products',
  summary: 'All products, archived ones too, by name.',
  access: 'admin',
  query: z.strictObject({ ...pageQuery.shape, q: z.string().trim().max(200).optional() }),
  replies: { 200: page(product) },
} as const;

export const adminReadProduct = {
  id: 'catalogReadProduct',
  method: 'GET',
  path: '/internal/v1/products/:id/any',
  summary: 'One product by id, also when it is archived.',
  access: 'admin',
  params: idParams,
  replies: { 200: product, 404: problem },
} as const;

export const adminCreateProduct = {
  id: 'catalogCreateProduct',
  method: 'POST',
  path: '/internal/v1/products',
  summary: 'Create a product.',
  access: 'admin',
  body: productDraft,
  replies: { 201: product, 409: problem },
} as const;

/**
 * `version` is the one the editor saw: an edit of an older one is a 412 and changes nothing.
 * `status` puts an archived product back on sale; without it an archived product stays archived.
 */
export const productUpdate = z.strictObject({
  ...productDraft.shape,
  version: z.number().int().min(1),
  status: z.literal('active').optional(),
});

export const adminUpdateProduct = {
  id: 'catalogUpdateProduct',
  method: 'PUT',
  path: '/internal/v1/products/:id',
  summary: 'Replace a product that nobody else has changed meanwhile.',
  access: 'admin',
  params: idParams,
  body: productUpdate,
  replies: { 200: product, 404: problem, 409: problem, 412: problem },
} as const;

export const adminArchiveProduct = {
  id: 'catalogArchiveProduct',
  method: 'DELETE',
  path: '/internal/v1/products/:id',
  summary: 'Take a product off the shop; orders keep referring to it.',
  access: 'admin',
  params: idParams,
  replies: { 204: null, 404: problem },
} as const;

export const catalogApi = [
  searchProducts,
  listCategories,
  readProduct,
  quoteProducts,
  adminListProducts,
  adminReadProduct,
  adminCreateProduct,
  adminUpdateProduct,
  adminArchiveProduct,
] as const;

export const catalogEvents = {
  stream: 'catalog.events',
  types: {
    'product.created': { version: 1, data: z.object({ product_id: id, slug, name: z.string() }) },
    'product.changed': { version: 1, data: z.object({ product_id: id, slug, name: z.string() }) },
    'product.archived': { version: 1, data: z.object({ product_id: id }) },
  },
} as const;
