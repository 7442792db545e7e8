export type Check = {
  readonly at: string;
  readonly weight: number;
  readonly metric: string;
  readonly query: string;
  readonly verdict: string;
  readonly value: number | null;
  readonly reason: string | null;
};

export type Report = {
  readonly service: string;
  readonly from_version: string | null;
  readonly to_version: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly outcome: 'running' | 'promoted' | 'rolled-back' | 'replaced';
  readonly weights: readonly { readonly at: string; readonly weight: number }[];
  readonly checks: readonly Check[];
  readonly events: readonly {
    readonly at: string;
    readonly type: string;
    readonly message: string;
  }[];
  readonly requests_met: number;
  readonly time_to_detect_ms: number | null;
  readonly time_to_safe_ms: number | null;
};

type Side = { readonly version: string; readonly replicas: number; readonly ready: number };

export type Rollout = {
  readonly service: string;
  readonly phase: string;
  readonly weight: number;
  readonly failed_checks: number;
  readonly threshold: number;
  readonly paused: boolean;
  readonly interval_ms: number;
  readonly primary: Side;
  readonly canary: Side | null;
  readonly message: string | null;
  readonly report: Report | null;
};

export type Action = 'pause' | 'resume' | 'promote' | 'abort';

/** What can be done in a phase; the engine refuses all else. */
export function actionsFor({ phase, paused }: Pick<Rollout, 'phase' | 'paused'>): Action[] {
  if (phase === 'Progressing' || phase === 'WaitingPromotion') {
    return [paused ? 'resume' : 'pause', 'promote', 'abort'];
  }
  return phase === 'Waiting' ? ['abort'] : [];
}

/** Whether something moves: these are shown first. */
export function isMoving({ phase }: Pick<Rollout, 'phase'>): boolean {
  return ['Waiting', 'Progressing', 'WaitingPromotion', 'Promoting', 'Finalising'].includes(phase);
}

/** The latest verdict of each check. */
export function latestChecks({ checks }: Pick<Report, 'checks'>): Check[] {
  return [...new Map(checks.map((check) => [check.metric, check])).values()];
}

/** Those that move, then those that were undone, then by name. */
export function sortRollouts(rollouts: readonly Rollout[]): Rollout[] {
  const rank = (one: Rollout) => (isMoving(one) ? 0 : one.phase === 'Failed' ? 1 : 2);
  return rollouts.toSorted((a, b) => rank(a) - rank(b) || (a.service < b.service ? -1 : 1));
}
