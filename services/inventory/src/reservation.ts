import type { Reservation } from '@faultline/contracts/inventory';

export type ReservationStatus = Reservation['status'];

/** Where a received piece can be; the sum over all three never changes by a reservation. */
export type Bucket = 'available' | 'reserved' | 'sold';

export type Action = 'commit' | 'release' | 'expire';

/** Why an action is not possible any more. */
export type Refusal = 'reservation_expired' | 'reservation_released';

/** What an action does to a reservation and to the pieces it holds. */
export type Transition =
  | { kind: 'move'; status: ReservationStatus; from: Bucket; to: Bucket }
  | { kind: 'keep' }
  | { kind: 'refuse'; reason: Refusal };

const keep: Transition = { kind: 'keep' };

/** The whole life of a reservation; repeating an action changes nothing. */
export function transition(status: ReservationStatus, action: Action): Transition {
  switch (status) {
    case 'reserved':
      return leaveReserved(action);
    case 'committed':
      return action === 'release'
        ? { kind: 'move', status: 'returned', from: 'sold', to: 'available' }
        : keep;
    case 'released':
    case 'returned':
    case 'expired':
      return action === 'commit' ? { kind: 'refuse', reason: refusalOf(status) } : keep;
  }
}

/** The reason to give for a reservation that no longer holds stock. */
export function refusalOf(status: 'released' | 'returned' | 'expired'): Refusal {
  return status === 'expired' ? 'reservation_expired' : 'reservation_released';
}

function leaveReserved(action: Action): Transition {
  switch (action) {
    case 'commit':
      return { kind: 'move', status: 'committed', from: 'reserved', to: 'sold' };
    case 'release':
      return { kind: 'move', status: 'released', from: 'reserved', to: 'available' };
    case 'expire':
      return { kind: 'move', status: 'expired', from: 'reserved', to: 'available' };
  }
}
