import { expect } from 'chai';
import { METRICS, type MetricSpec } from './metrics.ts';

const specs: readonly MetricSpec[] = Object.values(METRICS);

describe('declared metrics', () => {
  it('have names of their own', () => {
    expect(new Set(specs.map(({ name }) => name)).size).to.equal(specs.length);
  });

  for (const { type, name, help, labelNames, buckets } of specs) {
    it(`follow Prometheus' conventions: ${name}`, () => {
      expect(name).to.match(/^[a-z][a-z0-9_]*$/);
      expect(name.endsWith('_total'), 'only counters end in _total').to.equal(type === 'counter');
      expect(help).to.match(/^[A-Z].*\.$/);
      expect(
        labelNames.filter((label) => /(^|_)id$|path|url/.test(label)),
        'unbounded labels',
      ).to.deep.equal([]);
      expect(labelNames).not.to.include.members(['le', 'job', 'instance']);
      expect(buckets !== undefined, 'buckets').to.equal(type === 'histogram');
      expect(buckets ?? []).to.deep.equal([...(buckets ?? [])].toSorted((a, b) => a - b));
      if (type === 'histogram') expect(name).to.match(/_(seconds|bytes)$/);
    });
  }
});
