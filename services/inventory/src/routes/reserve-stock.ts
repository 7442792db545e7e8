import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Db } from '@faultline/chassis/postgres';
import type { Reservation, reserveStock, StockItem } from '@faultline/contracts/inventory';
import { ATTRIBUTES } from '@faultline/telemetry/spans';
import { annotateSpan } from '@faultline/telemetry/spans-api';
import { change, type InventoryDeps } from '../deps.ts';
import { findShortages, normalizeItems, sameItems } from '../items.ts';
import { insertReservation, lockReservation } from '../reservation-store.ts';
import { refusalOf } from '../reservation.ts';
import { lockAvailable, moveStock } from '../stock-store.ts';
import { refused } from './refused.ts';

export function reserve(deps: InventoryDeps): Handler<typeof reserveStock> {
  return async ({ params, body }) => {
    annotateSpan({ [ATTRIBUTES.reservationId]: params.id });
    const wanted = { id: params.id, items: normalizeItems(body.items) };
    const reservation = await change(deps, 'reserve', async (tx) => {
      const inserted = await insertReservation(tx, {
        ...wanted,
        status: 'reserved',
        ttlSeconds: body.ttl_seconds,
      });
      if (!inserted) return repeat(tx, wanted);
      await takeStock(tx, deps, wanted.items);
      return inserted;
    });
    return { status: 200, body: reservation };
  };
}

async function takeStock(tx: Db, deps: InventoryDeps, items: StockItem[]): Promise<void> {
  const ids = items.map((item) => item.product_id);
  const shortages = findShortages(items, await lockAvailable(tx, ids));
  if (shortages.length > 0) {
    throw new ProblemError('conflict', 'There is not enough stock of every item.', {
      reason: 'out_of_stock',
      extensions: { items: shortages },
    });
  }
  await moveStock(tx, deps, { items, from: 'available', to: 'reserved' });
}

/** The answer when the id is known: the same reservation for the same items while it holds. */
async function repeat(tx: Db, wanted: { id: string; items: StockItem[] }): Promise<Reservation> {
  const locked = await lockReservation(tx, wanted.id);
  if (!locked) throw new Error(`reservation ${wanted.id} exists and cannot be read`);
  const { overdue, ...found } = locked;
  if (found.status === 'released' || found.status === 'returned' || found.status === 'expired') {
    throw refused(refusalOf(found.status));
  }
  if (!sameItems(found.items, wanted.items)) {
    throw new ProblemError('unprocessable', 'This id was used to reserve other items.', {
      reason: 'reservation_mismatch',
    });
  }
  if (overdue && found.status === 'reserved') throw refused('reservation_expired');
  return found;
}
