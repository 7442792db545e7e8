import { applyAction } from './apply-action.ts';
import { change, type InventoryDeps } from './deps.ts';
import { findOverdue, lockOverdue } from './reservation-store.ts';

const SWEEP_MAX = 500;

/**
 * Gives back the stock of reservations past their time, one transaction each, at most 500. Replicas
 * may sweep at once: each skips what another is at work on. Returns how many this call expired.
 */
export async function expireOverdue(deps: InventoryDeps): Promise<number> {
  let expired = 0;
  for (const id of await findOverdue(deps.postgres.pool, SWEEP_MAX)) {
    const done = await change(deps, 'expire', async (tx) => {
      const locked = await lockOverdue(tx, id);
      if (locked) await applyAction(tx, deps, { action: 'expire', locked });
      return locked !== undefined;
    });
    if (done) expired++;
  }
  return expired;
}
