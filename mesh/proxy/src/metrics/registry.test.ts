import { expect } from 'chai';
import { Registry } from './registry.ts';

describe('Registry', () => {
  it('shows counters, gauges and cumulated buckets in the text format', () => {
    const registry = new Registry(() => 0);
    registry.counter('c_total', 'A counter.', { a: 'x"\\\n', b: undefined }).value += 2;
    registry.observed('g', 'A gauge.', { kind: 'gauge', read: () => 1.5 });
    const histogram = registry.histogram('h', 'A histogram.', { labels: { l: 1 }, bounds: [1, 2] });
    for (const value of [0.5, 2, 9]) histogram.observe(value);
    expect(registry.render().split('\n')).to.deep.equal([
      '# HELP c_total A counter.',
      '# TYPE c_total counter',
      'c_total{a="x\\"\\\\\\n"} 2',
      '# HELP g A gauge.',
      '# TYPE g gauge',
      'g 1.5',
      '# HELP h A histogram.',
      '# TYPE h histogram',
      'h_bucket{l="1",le="1"} 1',
      'h_bucket{l="1",le="2"} 2',
      'h_bucket{l="1",le="+Inf"} 3',
      'h_sum{l="1"} 11.5',
      'h_count{l="1"} 3',
      '',
    ]);
  });

  it('gives the same series for the same labels', () => {
    const registry = new Registry(() => 0);
    expect(registry.counter('c', '', { a: 1 })).to.equal(registry.counter('c', '', { a: 1 }));
    expect(registry.counter('c', '', { a: 2 })).not.to.equal(registry.counter('c', '', { a: 1 }));
  });

  it('hides what nothing has changed for ten minutes, and shows it again when something does', () => {
    let nowMs = 0;
    const registry = new Registry(() => nowMs);
    const series = registry.counter('c', '');
    series.value = 1;
    expect(registry.render()).to.contain('c 1');
    nowMs = 600_001;
    expect(registry.render()).not.to.contain('c 1');
    series.value = 2;
    expect(registry.render()).to.contain('c 2');
    registry.remove('c', {});
    expect(registry.render()).not.to.contain('c 2');
  });
});
