import { toRfc3339 } from '@faultline/chassis/clock';
import type { Action, Phase, RolloutEvent, TickResult } from './state.ts';
import type { Verdict } from './verdict.ts';

/** One answer of one metric. */
export type CheckRecord = {
  at: string;
  /** The new version's share of traffic at the time. */
  weight: number;
  metric: string;
  query: string;
  verdict: Verdict['kind'];
  value: number | null;
  reason: string | null;
};

/** What happened to a new version, from when it was seen to when it was over. Plain data. */
export type RolloutReport = {
  service: string;
  from_version: string | null;
  to_version: string;
  started_at: string;
  ended_at: string | null;
  outcome: 'running' | 'promoted' | 'rolled-back' | 'replaced';
  phase: Phase;
  weights: { at: string; weight: number }[];
  checks: CheckRecord[];
  events: (RolloutEvent & { at: string })[];
  /** When the new version first got traffic, and when a check of it first failed. */
  first_traffic_at: string | null;
  first_failure_at: string | null;
  /** How many requests met the new version; of one that was undone: how many were harmed at most. */
  requests_met: number;
  /** From its first traffic to the first failed check. */
  time_to_detect_ms: number | null;
  /** From its first traffic to the moment when it got no more. */
  time_to_safe_ms: number | null;
};

/** A report as people are shown it, wherever it comes from; null is what nobody knows. */
export type ReportView = Pick<
  RolloutReport,
  | 'service'
  | 'from_version'
  | 'to_version'
  | 'outcome'
  | 'weights'
  | 'checks'
  | 'time_to_detect_ms'
  | 'time_to_safe_ms'
> & { phase: string; started_at: string | null; requests_met: number | null };

/** A tick, with all that was seen at it. */
export type Tick = {
  atMs: number;
  before: Phase;
  result: TickResult;
  verdicts: readonly Verdict[];
  /** Requests sent to the new version in this rollout so far; undefined when nobody knows. */
  requestsMet?: number | undefined;
};

/** How long after its end a report still takes in how many requests there were. */
const countingMs = 6_000;
/** Of each list the latest are kept. */
const entriesMax = 2_000;

export function openReport(options: {
  service: string;
  fromVersion: string | null;
  toVersion: string;
  atMs: number;
}): RolloutReport {
  return {
    service: options.service,
    from_version: options.fromVersion,
    to_version: options.toVersion,
    started_at: toRfc3339(options.atMs),
    ended_at: null,
    outcome: 'running',
    phase: 'Progressing',
    weights: [],
    checks: [],
    events: [],
    first_traffic_at: null,
    first_failure_at: null,
    requests_met: 0,
    time_to_detect_ms: null,
    time_to_safe_ms: null,
  };
}

/** The report with a tick added; one that is over stays as it is. */
export function recordTick(report: RolloutReport, tick: Tick): RolloutReport {
  if (report.ended_at !== null) return report;
  const { atMs, result, verdicts, requestsMet = 0 } = tick;
  const at = toRfc3339(atMs);
  const phase = result.state.phase;
  const weight = weightAfter(result.actions);
  const present = report.weights.at(-1)?.weight ?? 0;
  const checks = verdicts.map((verdict) => toCheckRecord(verdict, { at, weight: present }));
  const firstTraffic = report.first_traffic_at ?? (weight ? at : null);
  const isBad = checks.some(({ verdict }) => verdict === 'fail');
  const firstFailure = report.first_failure_at ?? (isBad ? at : null);
  const ending = endingOf(tick);
  const isUndone = ending === 'rolled-back' && firstTraffic !== null;
  return {
    ...report,
    phase,
    weights: append(report.weights, weight === undefined ? [] : [{ at, weight }]),
    checks: append(report.checks, checks),
    events: recordAfterwards(report, { atMs, events: result.events }).events,
    first_traffic_at: firstTraffic,
    first_failure_at: firstFailure,
    requests_met: Math.max(report.requests_met, requestsMet),
    time_to_detect_ms: between(firstTraffic, firstFailure),
    time_to_safe_ms: isUndone ? between(firstTraffic, at) : null,
    ...(ending && { ended_at: at, outcome: ending }),
  };
}

/** The report with what came to light only after it was over. */
export function recordAfterwards(
  report: RolloutReport,
  { atMs, events }: { atMs: number; events: readonly RolloutEvent[] },
): RolloutReport {
  const at = toRfc3339(atMs);
  return {
    ...report,
    events: append(
      report.events,
      events.map((event) => ({ ...event, at })),
    ),
  };
}

/** Whether requests that it met may still be missing: metrics are read at intervals. */
export function isCounting({ ended_at }: RolloutReport, nowMs: number): boolean {
  return ended_at !== null && nowMs - Date.parse(ended_at) < countingMs;
}

/** The report of a version that a newer one has taken the place of. */
export function replaceReport(report: RolloutReport, atMs: number): RolloutReport {
  if (report.ended_at !== null) return report;
  return { ...report, ended_at: toRfc3339(atMs), outcome: 'replaced' };
}

function endingOf({ before, result }: Tick): RolloutReport['outcome'] | undefined {
  const { phase } = result.state;
  if (phase === before) return undefined;
  return phase === 'Succeeded' ? 'promoted' : phase === 'Failed' ? 'rolled-back' : undefined;
}

function weightAfter(actions: readonly Action[]): number | undefined {
  const last = actions.findLast((action) => action.kind === 'set-routes');
  return last?.weights.canary;
}

/** What a metric said, with when and at which share it did. */
export function toCheckRecord(verdict: Verdict, at: { at: string; weight: number }): CheckRecord {
  const { metric, query, kind } = verdict;
  return {
    ...at,
    metric,
    query,
    verdict: kind,
    value: 'value' in verdict ? verdict.value : null,
    reason: 'reason' in verdict ? verdict.reason : null,
  };
}

function append<T>(list: readonly T[], more: readonly T[]): T[] {
  return [...list, ...more].slice(-entriesMax);
}

/** Milliseconds; null where one of both is not known. */
export function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Date.parse(to) - Date.parse(from);
}

/** A report for people. `table` aligns columns. */
export function formatReport(
  report: ReportView,
  table: (rows: readonly (readonly string[])[]) => string,
): string {
  const { service, from_version, to_version, outcome, phase, requests_met } = report;
  const seconds = (at: string) => {
    const ms = between(report.started_at, at);
    return ms === null ? at : `${(ms / 1_000).toFixed(1)} s`;
  };
  const path = report.weights.map(({ at, weight }) => `${weight} % at ${seconds(at)}`);
  const lines = [
    `${service}: ${from_version ?? 'nothing'} → ${to_version}, ${outcome} (${phase})`,
    `traffic: ${path.join(', ') || 'none'}`,
    `requests that met it: ${requests_met ?? 'unknown'}`,
    ...lineOf('time to detect', report.time_to_detect_ms),
    ...lineOf('time to safe', report.time_to_safe_ms),
  ];
  const rows = report.checks.map(({ at, weight, metric, verdict, value, reason }) => [
    seconds(at),
    `${weight} %`,
    metric,
    verdict,
    value === null ? '-' : String(Math.round(value * 100) / 100),
    reason ?? '',
  ]);
  const heading = ['AT', 'WEIGHT', 'CHECK', 'VERDICT', 'VALUE', 'WHY'];
  return `${lines.join('\n')}\n${rows.length === 0 ? '' : `\n${table([heading, ...rows])}`}`;
}

function lineOf(what: string, ms: number | null): string[] {
  return ms === null ? [] : [`${what}: ${(ms / 1_000).toFixed(1)} s`];
}
