import { type Handler, mount } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import * as contract from '@faultline/contracts/inventory';
import type Router from '@koa/router';
import type { InventoryDeps } from './deps.ts';
import { findReservation } from './reservation-store.ts';
import { commit } from './routes/commit-reservation.ts';
import { list } from './routes/list-stock.ts';
import { noReservation } from './routes/refused.ts';
import { release } from './routes/release-reservation.ts';
import { reserve } from './routes/reserve-stock.ts';
import { set } from './routes/set-stock.ts';
import { findAvailability, findStock } from './stock-store.ts';

/** Serves the inventory's API on `router`. */
export function mountInventory(router: Router, deps: InventoryDeps): void {
  mount(router, contract.getAvailability, getAvailability(deps));
  mount(router, contract.reserveStock, reserve(deps));
  mount(router, contract.readReservation, readReservation(deps));
  mount(router, contract.commitReservation, commit(deps));
  mount(router, contract.releaseReservation, release(deps));
  mount(router, contract.listStock, list(deps));
  mount(router, contract.readStock, readStock(deps));
  mount(router, contract.setStock, set(deps));
}

function getAvailability({ postgres }: InventoryDeps): Handler<typeof contract.getAvailability> {
  return async ({ body }) => ({
    status: 200,
    body: { items: await findAvailability(postgres.pool, body.product_ids) },
  });
}

function readReservation({ postgres }: InventoryDeps): Handler<typeof contract.readReservation> {
  return async ({ params }) => {
    const reservation = await findReservation(postgres.pool, params.id);
    if (!reservation) throw noReservation();
    return { status: 200, body: reservation };
  };
}

function readStock({ postgres }: InventoryDeps): Handler<typeof contract.readStock> {
  return async ({ params }) => {
    const level = await findStock(postgres.pool, params.id);
    if (!level) throw new ProblemError('not_found', 'There is no stock of such a product.');
    return { status: 200, body: level };
  };
}
