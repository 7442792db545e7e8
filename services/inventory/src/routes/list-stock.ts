import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { isUuid } from '@faultline/chassis/ids';
import type { listStock } from '@faultline/contracts/inventory';
import type { InventoryDeps } from '../deps.ts';
import * as store from '../stock-store.ts';

export function list({ postgres }: InventoryDeps): Handler<typeof listStock> {
  return async ({ query: { limit, cursor, available_below: below } }) => {
    const after = cursor === undefined ? undefined : decode(cursor);
    const found = await store.listStock(postgres.pool, { after, below, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { status: 200, body: { items, next_cursor: last ? encode(last.product_id) : null } };
  };
}

function encode(productId: string): string {
  return Buffer.from(productId).toString('base64url');
}

function decode(cursor: string): string {
  const productId = Buffer.from(cursor, 'base64url').toString();
  if (isUuid(productId)) return productId;
  throw new ProblemError('invalid_request', 'The cursor is not one of a previous page.');
}
