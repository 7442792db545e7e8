import type { Spread } from './histogram.ts';
import type { ErrorCounts, LoadReport } from './report.ts';

type Table = (rows: readonly (readonly string[])[]) => string;

/** A run so far in one line. */
export function formatProgress(report: LoadReport): string {
  const { duration_ms, requests, failed, shed, in_flight, latency_ms, orders, rps } = report;
  return [
    `${(duration_ms / 1_000).toFixed(0).padStart(4)} s`,
    `${rps.sent.toFixed(1)} req/s`,
    `${requests} sent`,
    `${failed} failed`,
    ...(shed > 0 ? [`${shed} shed`] : []),
    `p50 ${latency_ms.p50} p99 ${latency_ms.p99} ms`,
    `${in_flight} under way`,
    `orders ${orders.confirmed}/${orders.placed}`,
  ].join('  ');
}

/** A whole run, for people. `table` aligns columns. */
export function formatReport(report: LoadReport, table: Table): string {
  const { errors, orders, rps } = report;
  const seconds = (report.duration_ms / 1_000).toFixed(1);
  const facts = [
    `${report.requests} requests in ${seconds} s to ${report.target}`,
    `${rps.sent} req/s of ${rps.asked} asked for, seed ${report.seed}`,
    `${report.failed} failed, ${report.degraded} with a part missing, ${report.shed} people shed`,
    `orders: ${orders.placed} placed, ${orders.confirmed} confirmed, ${orders.refused} refused, ` +
      `${orders.failed} failed, ${orders.unknown} unknown`,
    ...busyNote(report),
  ];
  return [
    `${facts.join('\n')}\n`,
    table([['JOURNEY', 'STARTED', 'DONE', 'FAILED', 'SHED', ...spreadNames], ...journeys(report)]),
    table([['REQUEST', 'SENT', 'FAILED', 'DEGRADED', ...spreadNames], ...steps(report)]),
    ...(errors.length === 0 ? [] : [table([errorNames, ...errors.map(errorRow)])]),
    ...limitHint(errors),
  ].join('\n');
}

const spreadNames = ['P50', 'P95', 'P99', 'MAX ms'];
const errorNames = ['ERROR', 'COUNT', 'FROM', 'TO s', 'WHERE', 'TRACE', 'DETAIL'];
/** Being later than this is part of what is measured. */
const lagMsMax = 50;

function busyNote({ lag_ms }: LoadReport): string[] {
  return lag_ms.p99 <= lagMsMax
    ? []
    : [
        `people were sent off late (p99 ${lag_ms.p99} ms): this machine is busy, latencies include it`,
      ];
}

function journeys({ journeys: all }: LoadReport): string[][] {
  return Object.entries(all).map(([name, { started, completed, failed, shed, latency_ms }]) => [
    name,
    ...[started, completed, failed, shed].map(String),
    ...spreadCells(latency_ms),
  ]);
}

function steps({ steps: all }: LoadReport): string[][] {
  return Object.entries(all).map(([name, { requests, failed, degraded, latency_ms }]) => [
    name,
    ...[requests, failed, degraded].map(String),
    ...spreadCells(latency_ms),
  ]);
}

function spreadCells({ p50, p95, p99, max }: Spread): string[] {
  return [p50, p95, p99, max].map(String);
}

function errorRow(error: ErrorCounts): string[] {
  const { cause, count, first_at_ms, last_at_ms, steps: where, example } = error;
  const [detail = ''] = example.detail.split('\n', 1);
  return [
    cause,
    String(count),
    (first_at_ms / 1_000).toFixed(1),
    (last_at_ms / 1_000).toFixed(1),
    Object.entries(where)
      .map(([step, times]) => `${step} ${times}`)
      .join(', '),
    example.trace_id ?? '-',
    detail.slice(0, 80),
  ];
}

/** All of this load comes from one address, and the gateway treats it as one client. */
function limitHint(errors: readonly ErrorCounts[]): string[] {
  const limit = errors.map(({ cause }) => /\blimit_(\w+)/.exec(cause)?.[1]).find(Boolean);
  if (limit === undefined) return [];
  return [
    `The gateway limits what one client may ask for. For more, start the system with ` +
      `--set shop-settings.RATE_LIMIT_${limit.toUpperCase()}=<per second>/<at once>.\n`,
  ];
}
