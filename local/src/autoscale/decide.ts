import type { Autoscaler, ScalingRules } from './model.ts';
import type { Proposal } from './propose.ts';

type Recommendation = { atMs: number; replicas: number };
type ScaleEvent = { atMs: number; count: number };

/** What an autoscaler remembers between two looks. */
export type History = {
  /** Unstabilised, oldest first. */
  recommendations: readonly Recommendation[];
  ups: readonly ScaleEvent[];
  downs: readonly ScaleEvent[];
};

export const noHistory: History = { recommendations: [], ups: [], downs: [] };

/** What one look came to. `desired` is `current` where nothing is to be done. */
export type Decision = { desired: number; reason: string; history: History };

type Look = { current: number; nowMs: number; proposals: readonly Proposal[]; history: History };

/**
 * One look of an autoscaler, as Kubernetes' controller takes it: the largest proposal counts, a
 * metric that cannot be read forbids to shrink, then windows and policies have their say.
 */
export function decide(autoscaler: Autoscaler, look: Look): Decision {
  const { min, max } = autoscaler;
  const { current, history } = look;
  const stay = (reason: string): Decision => ({ desired: current, reason, history });
  if (current === 0) return stay('scaling is off: somebody asked for no instances');
  if (current > max) return scaled(look, { desired: max, reason: `at most ${max}` });
  if (current < min) return scaled(look, { desired: min, reason: `at least ${min}` });
  const wanted = largest(look.proposals);
  if (wanted === undefined) return stay(errorsOf(look.proposals));
  if (errorsOf(look.proposals) !== '' && wanted.replicas < current) {
    return stay(`${errorsOf(look.proposals)}; fewer would be a guess`);
  }
  const seen = remember(autoscaler, look, wanted.replicas);
  const stable = stabilise(autoscaler, look, wanted.replicas);
  const desired = limit(autoscaler, look, stable);
  const why =
    desired === current && wanted.replicas < current
      ? `${wanted.reason}: fewer once that has been so for a while`
      : wanted.reason;
  return scaled({ ...look, history: seen }, { desired, reason: why });
}

function largest(proposals: readonly Proposal[]) {
  return proposals
    .filter((one) => 'replicas' in one)
    .reduce<{ replicas: number; reason: string } | undefined>(
      (best, one) => (best === undefined || one.replicas > best.replicas ? one : best),
      undefined,
    );
}

function errorsOf(proposals: readonly Proposal[]): string {
  return proposals.flatMap((one) => ('error' in one ? [one.error] : [])).join('; ');
}

function remember({ up, down }: Autoscaler, look: Look, replicas: number): History {
  const { history, nowMs, current } = look;
  const longestMs = Math.max(up.stabilizationWindowMs, down.stabilizationWindowMs);
  const first = { atMs: nowMs, replicas: current };
  const before = history.recommendations.length === 0 ? [first] : history.recommendations;
  const recommendations = [
    ...before.filter(({ atMs }) => atMs > nowMs - longestMs),
    { atMs: nowMs, replicas },
  ];
  return { ...history, recommendations };
}

/** More only if all of the last window agrees, fewer likewise. */
function stabilise({ up, down }: Autoscaler, look: Look, wanted: number): number {
  const { history, nowMs, current } = look;
  const first = [{ atMs: nowMs, replicas: current }];
  const earlier = history.recommendations.length === 0 ? first : history.recommendations;
  const within = (windowMs: number) =>
    earlier.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas);
  const least = Math.min(wanted, ...within(up.stabilizationWindowMs));
  const most = Math.max(wanted, ...within(down.stabilizationWindowMs));
  return Math.min(Math.max(current, least), most);
}

function limit({ up, down, min, max }: Autoscaler, look: Look, wanted: number): number {
  const { current } = look;
  if (wanted > current) return Math.min(wanted, max, Math.max(current, ceiling(up, look)));
  if (wanted < current) return Math.max(wanted, min, Math.min(current, floor(down, look)));
  return wanted;
}

/** How many there may be after the policies for growing. */
function ceiling({ select, policies }: ScalingRules, look: Look): number {
  if (select === 'Disabled') return look.current;
  const limits = policies.map(({ kind, value, periodMs }) => {
    const before = atStartOf(periodMs, look);
    return kind === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100));
  });
  return select === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function floor({ select, policies }: ScalingRules, look: Look): number {
  if (select === 'Disabled') return look.current;
  const limits = policies.map(({ kind, value, periodMs }) => {
    const before = atStartOf(periodMs, look);
    return kind === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100));
  });
  return select === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** How many there were when the period began. */
function atStartOf(periodMs: number, { current, nowMs, history }: Look): number {
  const within = (events: readonly ScaleEvent[]) =>
    events
      .filter(({ atMs }) => atMs > nowMs - periodMs)
      .reduce((total, { count }) => total + count, 0);
  return current - within(history.ups) + within(history.downs);
}

/** Policies look back half an hour at most. */
const eventsMaxAgeMs = 1_800_000;

function scaled(look: Look, { desired, reason }: { desired: number; reason: string }): Decision {
  const { current, nowMs, history } = look;
  const recent = (events: readonly ScaleEvent[]) =>
    events.filter(({ atMs }) => atMs > nowMs - eventsMaxAgeMs);
  const event = { atMs: nowMs, count: Math.abs(desired - current) };
  const ups = [...recent(history.ups), ...(desired > current ? [event] : [])];
  const downs = [...recent(history.downs), ...(desired < current ? [event] : [])];
  return { desired, reason, history: { ...history, ups, downs } };
}
