import { expect } from 'chai';
import { podName, randomSuffix } from './names.ts';
import { chooseToStop } from './rolling.ts';

describe('scaling down', () => {
  const pods = [
    { name: 'oldest', ready: true },
    { name: 'starting', ready: false },
    { name: 'newest', ready: true },
  ];
  const stopped = (count: number) => chooseToStop(pods, count).map(({ name }) => name);

  it('stops pods that are not ready first, then the newest', () => {
    expect(stopped(1)).to.deep.equal(['starting']);
    expect(stopped(2)).to.deep.equal(['starting', 'newest']);
    expect(stopped(3)).to.deep.equal(['starting', 'newest', 'oldest']);
  });

  it('stops none when there is none too many', () => {
    expect(stopped(0)).to.deep.equal([]);
  });
});

describe('pod names', () => {
  it('read as in Kubernetes: deployment, template, five random characters', () => {
    const name = podName({ name: 'orders', templateHash: '3f2a1' });
    expect(name).to.match(/^orders-3f2a1-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('are drawn from the whole alphabet', () => {
    expect(randomSuffix(() => 0)).to.equal('bbbbb');
    expect(randomSuffix((limit) => limit - 1)).to.equal('99999');
  });
});
