import { expect } from 'chai';
import { type Action, type ReservationStatus, transition } from './reservation.ts';

const statuses: ReservationStatus[] = ['reserved', 'committed', 'released', 'returned', 'expired'];
const actions: Action[] = ['commit', 'release', 'expire'];

describe('a reservation’s life', () => {
  it('holds its pieces until they are sold, given back or expire', () => {
    expect(transition('reserved', 'commit')).to.include({ from: 'reserved', to: 'sold' });
    expect(transition('reserved', 'release')).to.include({ from: 'reserved', to: 'available' });
    expect(transition('reserved', 'expire')).to.include({ from: 'reserved', to: 'available' });
    expect(transition('committed', 'release')).to.include({ from: 'sold', to: 'available' });
  });

  it('says why a commit comes too late', () => {
    expect(transition('expired', 'commit')).to.include({ reason: 'reservation_expired' });
    expect(transition('released', 'commit')).to.include({ reason: 'reservation_released' });
    expect(transition('returned', 'commit')).to.include({ reason: 'reservation_released' });
  });

  it('never moves pieces twice for the same action', () => {
    for (const status of statuses) {
      for (const action of actions) {
        const first = transition(status, action);
        if (first.kind === 'move') expect(transition(first.status, action).kind).to.equal('keep');
      }
    }
  });

  it('never takes back what is sold by expiry', () => {
    expect(transition('committed', 'expire')).to.deep.equal({ kind: 'keep' });
  });
});
