import { expect } from 'chai';
import type { ReplicasStatus } from '../pods/replicas.ts';
import { readinessOf } from './readiness.ts';

const well: ReplicasStatus = {
  name: 'orders',
  desired: 4,
  total: 4,
  updated: 4,
  available: 4,
  unavailableMs: 0,
  deadlineExceeded: false,
};

function ready(changes: Partial<ReplicasStatus>, thresholdPercent = 100) {
  return readinessOf({ ...well, ...changes }, { deadlineSeconds: 60, thresholdPercent });
}

describe('a Deployment', () => {
  it('is ready when as many pods as asked for are new and available', () => {
    expect(ready({})).to.deep.equal({ ready: true });
    expect(ready({ desired: 0, total: 0, updated: 0, available: 0 })).to.deep.equal({
      ready: true,
    });
  });

  it('says what it waits for', () => {
    for (const [changes, why] of [
      [{ updated: 3, total: 3 }, '3 out of 4 new replicas are updated'],
      [{ total: 5 }, '1 old replicas are pending termination'],
      [{ available: 3 }, '3 of 4 updated replicas are available'],
    ] as const) {
      expect(ready(changes)).to.deep.equal({
        ready: false,
        retriable: true,
        reason: `orders: waiting for rollout to finish: ${why}`,
      });
    }
  });

  it('is ready with fewer where the Canary allows it', () => {
    expect(ready({ available: 3 }, 75)).to.deep.equal({ ready: true });
    expect(ready({ available: 2 }, 75)).to.include({ ready: false });
  });

  it('is given up after its deadline, or when its own update has given up', () => {
    expect(ready({ available: 3, unavailableMs: 60_000 })).to.include({ retriable: true });
    expect(ready({ available: 3, unavailableMs: 60_001 })).to.include({ retriable: false });
    expect(ready({ deadlineExceeded: true })).to.include({
      retriable: false,
      reason: 'deployment "orders" exceeded its progress deadline',
    });
  });
});
