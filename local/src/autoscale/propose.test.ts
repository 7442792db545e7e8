import { expect } from 'chai';
import type { PodSample, ResourceTarget } from './model.ts';
import { proposeByUse, proposeByValue } from './propose.ts';

const half: ResourceTarget = { kind: 'utilization', share: 0.5 };
const cores: ResourceTarget = { kind: 'average-value', value: 0.5 };

function pod(usage: number | undefined, state: PodSample['state'] = 'ready'): PodSample {
  return { state, usage, request: 1 };
}

function replicas(pods: PodSample[], target: ResourceTarget = half): number | string {
  const proposal = proposeByUse(target, { current: pods.length, pods, what: 'cpu' });
  return 'replicas' in proposal ? proposal.replicas : proposal.error;
}

describe('replicas by use', () => {
  it('are as many as bring the use of each to the target', () => {
    expect(replicas([pod(1), pod(1)])).to.equal(4);
    expect(replicas([pod(0.3), pod(0.5)])).to.equal(2);
    expect(replicas([pod(0.1), pod(0.1), pod(0.1), pod(0.1)])).to.equal(1);
    expect(replicas([pod(0.7), pod(0.7)], cores)).to.equal(3);
  });

  it('stay within a tenth of the target', () => {
    expect(replicas([pod(0.55), pod(0.55)])).to.equal(2);
    expect(replicas([pod(0.46), pod(0.46)])).to.equal(2);
    expect(replicas([pod(0.56), pod(0.56)])).to.equal(3);
  });

  it('count pods that are not ready as using nothing, and only when there are to be more', () => {
    expect(replicas([pod(1), pod(5, 'unready')])).to.equal(2);
    expect(replicas([pod(1.6), pod(5, 'unready')])).to.equal(4);
    expect(replicas([pod(0.1), pod(0.1), pod(5, 'unready')])).to.equal(1);
  });

  it('never turn around for pods that nobody has measured', () => {
    // Two at 80 %: the third, taken as idle, leaves no reason to grow.
    expect(replicas([pod(0.8), pod(0.8), pod(undefined)])).to.equal(3);
    // Fewer, as if the one that is missing used all that it may.
    expect(replicas([pod(0.1), pod(0.1), pod(undefined)])).to.equal(3);
    const busy = [pod(0.1), pod(0.1), pod(0.1), pod(undefined)];
    expect(replicas(busy, cores)).to.equal(2);
  });

  it('leave out pods that are on their way out', () => {
    expect(replicas([pod(1), pod(9, 'ignored')])).to.equal(2);
  });

  it('are unknown without a measurement, or without a request to take a share of', () => {
    expect(replicas([pod(undefined)])).to.contain('no ready pod has been measured');
    expect(replicas([pod(1, 'unready')])).to.contain('no ready pod has been measured');
    expect(replicas([{ ...pod(1), request: undefined }])).to.contain('a pod requests none');
    expect(replicas([{ ...pod(1), request: undefined }], cores)).to.equal(2);
  });

  it('say why', () => {
    const pods = [pod(0.9)];
    expect(proposeByUse(half, { current: 1, pods, what: 'cpu' })).to.have.property(
      'reason',
      'cpu is 90 % of the request, the target is 50 %',
    );
    expect(proposeByUse(cores, { current: 1, pods, what: 'cpu' })).to.have.property(
      'reason',
      'cpu is 900m for each instance, the target is 500m',
    );
  });
});

describe('replicas by a value from elsewhere', () => {
  const by = (kind: 'value' | 'average-value', value: number | undefined, current = 2) => {
    const metric = {
      kind: 'external',
      name: 'jobs',
      query: 'q',
      target: { kind, value: 20 },
    } as const;
    const proposal = proposeByValue(metric, { current, ready: current, value });
    return 'replicas' in proposal ? proposal.replicas : proposal.error;
  };

  it('are its share for each replica', () => {
    expect(by('average-value', 100)).to.equal(5);
    expect(by('average-value', 0)).to.equal(0);
    expect(by('average-value', 43)).to.equal(2);
    expect(by('average-value', 45)).to.equal(3);
  });

  it('or grow as it exceeds the target', () => {
    expect(by('value', 60)).to.equal(6);
    expect(by('value', 21)).to.equal(2);
    expect(by('value', 10)).to.equal(1);
  });

  it('are unknown without one', () => {
    expect(by('average-value', undefined)).to.equal('jobs: it has no value');
  });
});
