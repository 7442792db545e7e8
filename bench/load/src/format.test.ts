import { expect } from 'chai';
import { formatProgress, formatReport } from './format.ts';
import type { LoadReport } from './report.ts';

const spread = { p50: 1, p95: 2, p99: 3, max: 4 };

const report: LoadReport = {
  target: 'http://shop.test',
  seed: 7,
  rps: { asked: 20, sent: 19.5 },
  duration_ms: 60_000,
  requests: 1_170,
  failed: 3,
  degraded: 1,
  shed: 0,
  in_flight: 2,
  unfinished: 0,
  latency_ms: spread,
  lag_ms: spread,
  journeys: { buy: { started: 9, completed: 8, failed: 1, shed: 0, latency_ms: spread } },
  steps: { placeOrder: { requests: 10, failed: 3, degraded: 0, latency_ms: spread } },
  errors: [
    {
      cause: '429 limit_api',
      kind: 'problem',
      count: 3,
      steps: { placeOrder: 2, getOrder: 1 },
      first_at_ms: 1_500,
      last_at_ms: 2_500,
      example: { step: 'placeOrder', detail: 'Slow down.\nNow.', trace_id: 'f00' },
    },
  ],
  orders: { placed: 9, confirmed: 8, refused: 0, failed: 0, unknown: 1 },
};

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join('|')}\n`).join('');
}

describe('a load report', () => {
  it('is a line while it goes on', () => {
    expect(formatProgress(report)).to.equal(
      '  60 s  19.5 req/s  1170 sent  3 failed  p50 1 p99 3 ms  2 under way  orders 8/9',
    );
    expect(formatProgress({ ...report, shed: 4 })).to.include('3 failed  4 shed');
  });

  it('tells in the end what was sent, what failed where, and what became of the orders', () => {
    const text = formatReport(report, table);
    expect(text).to.include('1170 requests in 60.0 s to http://shop.test');
    expect(text).to.include('orders: 9 placed, 8 confirmed, 0 refused, 0 failed, 1 unknown');
    expect(text).to.include('buy|9|8|1|0|1|2|3|4\n');
    expect(text).to.include('placeOrder|10|3|0|1|2|3|4\n');
    const error = '429 limit_api|3|1.5|2.5|placeOrder 2, getOrder 1|f00|Slow down.\n';
    expect(text).to.include(error);
  });

  it('says how to raise the gateway’s limits when they were met, and when the load was late', () => {
    expect(formatReport(report, table)).to.include('--set shop-settings.RATE_LIMIT_API=');
    const fine = { ...report, errors: [], lag_ms: { ...spread, p99: 80 } };
    expect(formatReport(fine, table)).not.to.include('RATE_LIMIT').and.not.to.include('ERROR');
    expect(formatReport(fine, table)).to.include('sent off late (p99 80 ms)');
  });
});
