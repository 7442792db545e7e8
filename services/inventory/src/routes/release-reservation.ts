import type { Handler } from '@faultline/chassis/endpoint';
import type { releaseReservation } from '@faultline/contracts/inventory';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import { applyAction } from '../apply-action.ts';
import { change, type InventoryDeps } from '../deps.ts';
import { insertReservation, lockReservation } from '../reservation-store.ts';

export function release(deps: InventoryDeps): Handler<typeof releaseReservation> {
  return async ({ params: { id } }) => {
    annotateSpan({ [ATTRIBUTES.reservationId]: id });
    const reservation = await change(deps, 'release', async (tx) => {
      // For an id never seen this row is what refuses the reservation that arrives late.
      const unseen = await insertReservation(tx, {
        id,
        status: 'released',
        items: [],
        ttlSeconds: 0,
      });
      if (unseen) return unseen;
      const locked = await lockReservation(tx, id);
      if (!locked) throw new Error(`reservation ${id} exists and cannot be read`);
      const result = await applyAction(tx, deps, { action: 'release', locked });
      return result.reservation;
    });
    return { status: 200, body: reservation };
  };
}
