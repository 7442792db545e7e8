import { callOf, parsePart } from '@faultline/chassis/endpoint';
import type { HttpClient } from '@faultline/chassis/http-client';
import { getProduct, readApiDescription, readApiGuide } from '@faultline/contracts/gateway';
import type { Context } from 'koa';
import { readProductPage } from './product-page.ts';

/** An operation that the gateway answers itself. */
export type OwnOperation = (ctx: Context, params: Record<string, string>) => Promise<void>;

/** The gateway's own operations by their contract's id. */
export function ownOperations(deps: {
  catalog: HttpClient;
  inventory: HttpClient;
  /** The OpenAPI document and its rendering for people, made once. */
  description: { json: string; html: string };
}): ReadonlyMap<string, OwnOperation> {
  const { catalog, inventory, description } = deps;
  return new Map<string, OwnOperation>([
    [
      getProduct.id,
      async (ctx, params) => {
        parsePart(getProduct.params, 'params', params);
        ctx.body = await readProductPage({ catalog, inventory }, params['id'] ?? '', callOf(ctx));
      },
    ],
    [
      readApiDescription.id,
      async (ctx) => {
        ctx.body = description.json;
        ctx.type = 'application/json';
      },
    ],
    [
      readApiGuide.id,
      async (ctx) => {
        ctx.body = description.html;
        ctx.type = 'text/html; charset=utf-8';
      },
    ],
  ]);
}
