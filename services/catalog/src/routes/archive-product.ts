import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { adminArchiveProduct as endpoint } from '@faultline/contracts/catalog';
import type { CatalogDeps } from '../deps.ts';
import { archivedEvent, stream } from '../product-events.ts';
import { archiveActive, statusOf } from '../products.ts';

/** Archiving what is archived already changes nothing and says so by the same reply. */
export function archiveProduct(deps: CatalogDeps): Handler<typeof endpoint> {
  const { postgres, outbox, cache } = deps;
  return async ({ params: { id } }) => {
    await postgres.transaction(async (tx) => {
      const version = await archiveActive(tx, id);
      if (version !== undefined) {
        await outbox.append(tx, stream, archivedEvent(id, version));
      } else if ((await statusOf(tx, id)) === undefined) {
        throw new ProblemError('not_found', 'There is no such product.');
      }
    });
    outbox.nudge();
    await cache.invalidate();
    return { status: 204 };
  };
}
