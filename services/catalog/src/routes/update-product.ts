import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { adminUpdateProduct as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { productEvent, stream } from '../product-events.ts';
import { replaceProduct, statusOf } from '../products.ts';

export function updateProduct(deps: CatalogDeps): Handler<typeof endpoint> {
  const { postgres, outbox, cache } = deps;
  return async ({ params: { id }, body: { version, status, ...draft } }) => {
    const product = await postgres.transaction(async (tx) => {
      const changed = await replaceProduct(tx, { id, version, status }, draft);
      if (!changed) throw refusal(await statusOf(tx, id));
      await outbox.append(tx, stream, productEvent('product.changed', changed));
      return changed;
    });
    outbox.nudge();
    await cache.invalidate();
    return { status: 200, body: product };
  };
}

function refusal(status: Awaited<ReturnType<typeof statusOf>>): ProblemError {
  if (status === undefined) return new ProblemError('not_found', 'There is no such product.');
  return new ProblemError(
    'precondition_failed',
    'Somebody else changed the product meanwhile; read it again.',
    { reason: 'stale_version' },
  );
}
