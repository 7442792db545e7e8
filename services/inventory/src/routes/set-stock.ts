import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { setStock } from '@faultline/contracts/inventory';
import { change, type InventoryDeps } from '../deps.ts';
import { createStock, replaceAvailable } from '../stock-store.ts';

export function set(deps: InventoryDeps): Handler<typeof setStock> {
  return async ({ params, body }) => {
    const wanted = { productId: params.id, ...body };
    const level = await change(deps, 'set', (tx) =>
      body.version === 0 ? createStock(tx, deps, wanted) : replaceAvailable(tx, deps, wanted),
    );
    if (!level) {
      throw new ProblemError('precondition_failed', 'Somebody else changed this stock meanwhile.', {
        reason: 'version_mismatch',
      });
    }
    return { status: 200, body: level };
  };
}
