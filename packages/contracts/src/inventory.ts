import { z } from 'zod';
import { id, idParams, page, pageQuery, problem, timestamp } from './common.ts';

export const quantity = z.number().int().min(1).max(1_000);

export const stockItem = z.strictObject({ product_id: id, quantity });
export type StockItem = z.output<typeof stockItem>;

/** What can be bought now. */
export const availability = z.object({ product_id: id, available: z.number().int() });
export type Availability = z.output<typeof availability>;

/** `received = available + reserved + sold`, always. */
export const stockLevel = z.object({
  product_id: id,
  received: z.number().int(),
  available: z.number().int(),
  reserved: z.number().int(),
  sold: z.number().int(),
  version: z.number().int(),
  updated_at: timestamp,
});
export type StockLevel = z.output<typeof stockLevel>;

export const reservation = z.object({
  id,
  status: z.enum(['reserved', 'committed', 'released', 'returned', 'expired']),
  items: z.array(stockItem),
  expires_at: timestamp,
});
export type Reservation = z.output<typeof reservation>;

export const getAvailability = {
  id: 'getAvailability',
  method: 'POST',
  path: '/internal/v1/availability',
  summary: 'What can be bought of up to 100 products; unknown ones count as none.',
  access: 'internal',
  body: z.strictObject({ product_ids: z.array(id).min(1).max(100) }),
  replies: { 200: z.object({ items: z.array(availability) }) },
} as const;

/**
 * The caller chooses the id: the same call again is the same reservation, with other items a 422
 * `reservation_mismatch`. 409 `out_of_stock` names `items` [{product_id, requested, available}];
 * 409 `reservation_released` or `reservation_expired`: this id holds nothing any more.
 */
export const reserveStock = {
  id: 'reserveStock',
  method: 'PUT',
  path: '/internal/v1/reservations/:id',
  summary: 'Reserve all items or none, for `ttl_seconds`.',
  access: 'internal',
  params: idParams,
  body: z.strictObject({
    items: z.array(stockItem).min(1).max(50),
    ttl_seconds: z.number().int().min(1).max(3_600),
  }),
  replies: { 200: reservation, 409: problem, 422: problem },
} as const;

export const readReservation = {
  id: 'readReservation',
  method: 'GET',
  path: '/internal/v1/reservations/:id',
  summary: 'Where a reservation stands.',
  access: 'internal',
  params: idParams,
  replies: { 200: reservation, 404: problem },
} as const;

/** 409 `reservation_expired` or `reservation_released`: the stock is no longer held. */
export const commitReservation = {
  id: 'commitReservation',
  method: 'POST',
  path: '/internal/v1/reservations/:id/commit',
  summary: 'Sell what was reserved. Committing twice is committing once.',
  access: 'internal',
  params: idParams,
  replies: { 200: reservation, 404: problem, 409: problem },
} as const;

/** Works for an id never seen, too: a reservation that arrives late is then refused. */
export const releaseReservation = {
  id: 'releaseReservation',
  method: 'POST',
  path: '/internal/v1/reservations/:id/release',
  summary: 'Give reserved or sold stock back, whatever the reservation’s state.',
  access: 'internal',
  params: idParams,
  replies: { 200: reservation },
} as const;

export const listStock = {
  id: 'inventoryListStock',
  method: 'GET',
  path: '/internal/v1/stock',
  summary: 'Stock levels of all products, or of those of which less than a number is available.',
  access: 'admin',
  query: z.strictObject({
    ...pageQuery.shape,
    available_below: z.coerce.number().int().min(1).max(1_000_000).optional(),
  }),
  replies: { 200: page(stockLevel) },
} as const;

export const readStock = {
  id: 'inventoryReadStock',
  method: 'GET',
  path: '/internal/v1/stock/:id',
  summary: 'The stock level of one product.',
  access: 'admin',
  params: idParams,
  replies: { 200: stockLevel, 404: problem },
} as const;

/** `available` is what shall be available; `version` is the one the editor saw (0 for a new product). */
export const stockUpdate = z.strictObject({
  available: z.number().int().min(0).max(1_000_000),
  version: z.number().int().min(0),
});

export const setStock = {
  id: 'inventorySetStock',
  method: 'PUT',
  path: '/internal/v1/stock/:id',
  summary: 'Set how many of a product can be bought, unless somebody else changed it meanwhile.',
  access: 'admin',
  params: idParams,
  body: stockUpdate,
  replies: { 200: stockLevel, 412: problem },
} as const;

export const inventoryApi = [
  getAvailability,
  reserveStock,
  readReservation,
  commitReservation,
  releaseReservation,
  listStock,
  readStock,
  setStock,
] as const;

export const inventoryEvents = {
  stream: 'inventory.events',
  types: {
    'stock.changed': {
      version: 1,
      data: z.object({ product_id: id, available: z.number().int() }),
    },
    'reservation.expired': { version: 1, data: z.object({ reservation_id: id }) },
  },
} as const;
