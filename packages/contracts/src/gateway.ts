import { z } from 'zod';
import { product, slug } from './catalog.ts';
import { id, problem } from './common.ts';

/** A product with what its neighbours know of it. `degraded` names those that could not be asked. */
export const productPage = z.object({
  ...product.shape,
  stock: z.object({ available: z.number().int() }).nullable(),
  degraded: z.array(z.string()),
});
export type ProductPage = z.output<typeof productPage>;

export const getProduct = {
  id: 'getProduct',
  method: 'GET',
  path: '/api/v1/products/:id',
  summary: 'A product by id or slug, with stock and pictures.',
  access: 'anyone',
  params: z.strictObject({ id: z.union([id, slug]) }),
  replies: { 200: productPage, 404: problem, 503: problem },
} as const;

export const readApiDescription = {
  id: 'readApiDescription',
  method: 'GET',
  path: '/api/openapi.json',
  summary: 'This description.',
  access: 'anyone',
  replies: { 200: z.looseObject({ openapi: z.string() }) },
} as const;

export const readApiGuide = {
  id: 'readApiGuide',
  method: 'GET',
  path: '/api',
  summary: 'All operations as a page for people.',
  access: 'anyone',
  replies: { 200: null },
} as const;

export const gatewayApi = [getProduct, readApiDescription, readApiGuide] as const;
