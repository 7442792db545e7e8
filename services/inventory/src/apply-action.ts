import type { Db } from '@faultline/chassis/postgres';
import { inventoryEvents, type Reservation } from '@faultline/contracts/inventory';
import type { InventoryDeps } from './deps.ts';
import { type LockedReservation, setStatus } from './reservation-store.ts';
import { type Action, type Refusal, transition } from './reservation.ts';
import { lockAvailable, moveStock } from './stock-store.ts';

/** How an action ended: the reservation as it stands now, and why the action was refused, if so. */
export type ActionResult = { reservation: Reservation; refused?: Refusal };

/** Applies `action` to a reservation locked in `tx`, with the stock it holds. */
export async function applyAction(
  tx: Db,
  deps: InventoryDeps,
  { action, locked }: { action: Action; locked: LockedReservation },
): Promise<ActionResult> {
  const { overdue, ...reservation } = locked;
  // Time decides, not the sweeper: what is overdue expires before it could be committed.
  if (action === 'commit' && overdue && reservation.status === 'reserved') {
    const expired = await applyAction(tx, deps, { action: 'expire', locked });
    return { ...expired, refused: 'reservation_expired' };
  }
  const step = transition(reservation.status, action);
  if (step.kind === 'keep') return { reservation };
  if (step.kind === 'refuse') return { reservation, refused: step.reason };
  const { items } = reservation;
  await lockAvailable(
    tx,
    items.map((item) => item.product_id),
  );
  await moveStock(tx, deps, { items, from: step.from, to: step.to });
  await setStatus(tx, reservation.id, step.status);
  if (action === 'expire') await announceExpiry(tx, deps, reservation.id);
  return { reservation: { ...reservation, status: step.status } };
}

async function announceExpiry(tx: Db, { outbox }: InventoryDeps, id: string): Promise<void> {
  const type = 'reservation.expired';
  await outbox.append(tx, inventoryEvents.stream, {
    type,
    version: inventoryEvents.types[type].version,
    subject: id,
    sequence: 1,
    data: { reservation_id: id },
  });
}
