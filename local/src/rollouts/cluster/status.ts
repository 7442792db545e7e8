import { toRfc3339 } from '@faultline/chassis/clock';
import { type Canary, intervalMsOf, type Weights } from '../canary.ts';
import { between, type RolloutReport, toCheckRecord } from '../report.ts';
import type { RolloutStatus } from '../rollout.ts';
import type { Verdict } from '../verdict.ts';
import { hasTried, type History } from './history.ts';
import type { FlaggerStatus, LiveVersion, Past, Told } from './resources.ts';

/** As of the local engine; null is what a cluster does not tell. */
export type ClusterReport = Omit<RolloutReport, 'phase' | 'started_at' | 'requests_met'> & {
  phase: string;
  started_at: string | null;
  requests_met: number | null;
};

/** What `faultline rollout status --context … --json` answers: as `RolloutStatus`, where it is known. */
export type ClusterRolloutStatus = Omit<RolloutStatus, 'phase' | 'report'> & {
  phase: string;
  report: ClusterReport | null;
  /** What could not be found out, and why. */
  unknown: string[];
};

/** All that a cluster tells of a rollout. */
export type Facts = {
  canary: Canary;
  status: FlaggerStatus;
  deployments: ReadonlyMap<string, LiveVersion>;
  weights: Weights | undefined;
  told: readonly Told[];
  target: Past;
  primary: Past;
};

/** What Prometheus said of it. */
export type Measured = {
  atMs: number;
  verdicts: readonly Verdict[];
  requestsMet: number | undefined;
};

const nowhere: LiveVersion = { version: 'unknown', replicas: 0, ready: 0 };

/** A rollout's status in the words of the local engine. */
export function statusOf(
  facts: Facts,
  { history, measured }: { history: History; measured: Measured | undefined },
): ClusterRolloutStatus {
  const { canary, status, deployments, weights, told } = facts;
  const { target } = canary;
  const targetVersion = deployments.get(target);
  // Until Flagger has made it, the Deployment itself serves.
  const primary = deployments.get(`${target}-primary`);
  const isOnTrial = primary !== undefined && targetVersion !== undefined;
  const hasRollout = hasTried(status);
  const promoted = status.conditions.find(({ type }) => type === 'Promoted');
  return {
    service: target,
    phase: status.phase === '' ? 'Initializing' : status.phase,
    weight: status.canaryWeight,
    weights: weights ?? { primary: 100, canary: 0 },
    failed_checks: status.failedChecks,
    threshold: canary.threshold,
    iterations: status.iterations,
    paused: canary.suspended,
    interval_ms: intervalMsOf(canary, { strict: true }),
    primary: primary ?? targetVersion ?? nowhere,
    canary: isOnTrial && targetVersion.replicas > 0 ? targetVersion : null,
    message: neverReady(status, history) ?? told.at(-1)?.message ?? promoted?.message ?? null,
    report: hasRollout ? reportOf(facts, { history, measured }) : null,
    unknown: [
      ...(weights === undefined ? ['weights: there is no route, callers get the Service'] : []),
      ...(hasRollout ? [...history.unknown, ...unmeasured(measured, history)] : []),
    ],
  };
}

/** Why a version was given up to which Flagger has led nobody. */
function neverReady(
  { phase }: FlaggerStatus,
  { isUntried, waitedFor }: History,
): string | undefined {
  if (phase !== 'Failed' || !isUntried || waitedFor === null) return undefined;
  return `it never got ready, and nobody was sent to it: ${waitedFor}`;
}

function unmeasured(measured: Measured | undefined, { startedAt, isUntried }: History): string[] {
  if (isUntried) return [];
  if (startedAt === null && measured?.requestsMet === undefined) {
    return ['how many requests met it: nobody knows since when to count'];
  }
  return measured?.requestsMet === undefined
    ? ['how many requests met it: Prometheus has no count of them']
    : [];
}

function reportOf(
  { canary, status, deployments, primary }: Facts,
  { history, measured }: { history: History; measured: Measured | undefined },
): ClusterReport {
  const { phase } = status;
  const serving = deployments.get(`${canary.target}-primary`)?.version ?? null;
  // What was copied to the primary is what it has; the version before is its revision before.
  const isCopied = ['Promoting', 'Finalising', 'Succeeded'].includes(phase);
  const isUndone = phase === 'Failed';
  const { firstTrafficAt, firstFailureAt, endedAt } = history;
  return {
    service: canary.target,
    from_version: isCopied ? primary.formerVersion : serving,
    to_version: deployments.get(canary.target)?.version ?? nowhere.version,
    started_at: history.startedAt,
    ended_at: endedAt,
    outcome: isUndone ? 'rolled-back' : phase === 'Succeeded' ? 'promoted' : 'running',
    phase,
    // Nothing was taken back from one that never had anything.
    weights: history.isUntried ? [] : history.weights,
    checks: checksOf(measured, history),
    events: history.events,
    first_traffic_at: firstTrafficAt,
    first_failure_at: firstFailureAt,
    requests_met: history.isUntried ? 0 : (measured?.requestsMet ?? null),
    time_to_detect_ms: between(firstTrafficAt, firstFailureAt),
    time_to_safe_ms: isUndone ? between(firstTrafficAt, endedAt) : null,
  };
}

/** What is asked of one that nobody was sent to is answered by nothing, or by its probes. */
function checksOf(
  measured: Measured | undefined,
  { weights, isUntried }: History,
): RolloutReport['checks'] {
  if (measured === undefined || isUntried) return [];
  const { atMs, verdicts } = measured;
  const before = weights.findLast(({ at, weight }) => Date.parse(at) <= atMs && weight > 0);
  const at = { at: toRfc3339(atMs), weight: before?.weight ?? 0 };
  return verdicts.map((verdict) => toCheckRecord(verdict, at));
}
