import type { Handler } from '@faultline/chassis/endpoint';
import type { commitReservation } from '@faultline/contracts/inventory';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import { applyAction } from '../apply-action.ts';
import { change, type InventoryDeps } from '../deps.ts';
import { lockReservation } from '../reservation-store.ts';
import { noReservation, refused } from './refused.ts';

export function commit(deps: InventoryDeps): Handler<typeof commitReservation> {
  return async ({ params }) => {
    annotateSpan({ [ATTRIBUTES.reservationId]: params.id });
    // A refusal may have expired the reservation, and that must be kept: it is thrown after COMMIT.
    const result = await change(deps, 'commit', async (tx) => {
      const locked = await lockReservation(tx, params.id);
      return locked && applyAction(tx, deps, { action: 'commit', locked });
    });
    if (!result) throw noReservation();
    if (result.refused) throw refused(result.refused);
    return { status: 200, body: result.reservation };
  };
}
