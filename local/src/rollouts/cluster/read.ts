import { exposureBetween, judgeMetrics } from '../metrics.ts';
import type { MetricSource } from '../prometheus.ts';
import type { Verdict } from '../verdict.ts';
import { hasTried, type History, historyOf } from './history.ts';
import {
  type LiveCanary,
  parseCanary,
  parseDeployments,
  parseEvents,
  parsePast,
  parseWeights,
  templateNamespaces,
} from './resources.ts';
import { type ClusterRolloutStatus, type Facts, type Measured, statusOf } from './status.ts';

/** What is asked of a cluster; the answers are kubectl's, parsed from JSON. */
export type Kubectl = {
  /** Undefined when it is not there and `--ignore-not-found` is among the arguments. */
  get(...args: string[]): Promise<unknown>;
  /** The namespace that is not said otherwise. */
  namespace: string;
};

/** Prometheus as it was at a time. */
export type AskAt = (atMs: number) => MetricSource;

export type Reading = {
  kubectl: Kubectl;
  /** Leads to the Prometheus of a Canary's MetricTemplates, for as long as `use` takes. */
  withPrometheus<Result>(
    place: NonNullable<LiveCanary['prometheus']>,
    use: (ask: AskAt) => Promise<Result>,
  ): Promise<Result>;
  now(): number;
};

/** Numbers come with the next look of Prometheus at who counts. */
const scrapeMs = 15_000;
const ignore = '--ignore-not-found';

/** A rollout in a cluster: what Flagger says of the Canary of this name, and Prometheus. */
export async function readRollout(name: string, reading: Reading): Promise<ClusterRolloutStatus> {
  const { live, facts } = await readFacts(name, reading.kubectl);
  const { canary, status } = facts;
  const { appliedAt } = facts.target;
  const history = historyOf(facts.told, { status, strategy: canary.strategy, appliedAt });
  const measured = hasTried(status) ? await measure({ live, history }, reading) : undefined;
  return statusOf(facts, { history, measured });
}

async function readFacts(
  name: string,
  { get }: Kubectl,
): Promise<{ live: LiveCanary; facts: Facts }> {
  const answer = await get('canaries.flagger.app', name);
  const templates = await Promise.all(
    templateNamespaces(answer).map((namespace) =>
      get('metrictemplates.flagger.app', `--namespace=${namespace}`),
    ),
  );
  const live = parseCanary(answer, templates);
  const { canary, status } = live;
  const primary = `${canary.target}-primary`;
  const about = `involvedObject.kind=Canary,involvedObject.name=${canary.name}`;
  const [deployments, sets, route, events] = await Promise.all([
    get('deployments.apps', canary.target, primary, ignore),
    get('replicasets.apps'),
    get('httproutes.gateway.networking.k8s.io', canary.services.apex, ignore),
    get('events', `--field-selector=${about}`),
  ]);
  const facts = {
    canary,
    status,
    deployments: parseDeployments(deployments),
    weights: parseWeights(route, canary),
    told: parseEvents(events),
    target: parsePast(sets, canary.target),
    primary: parsePast(sets, primary),
  };
  return { live, facts };
}

/** Of a rollout that is over, as it was at its end: now there is nothing to see. */
async function measure(
  { live, history }: { live: LiveCanary; history: History },
  { withPrometheus, now }: Reading,
): Promise<Measured> {
  const { canary, prometheus } = live;
  const nowMs = now();
  const atMs = history.endedAt === null ? nowMs : Date.parse(history.endedAt);
  if (prometheus === undefined) {
    const reason = 'no MetricTemplate of this Canary says where Prometheus is';
    return { atMs, requestsMet: undefined, verdicts: unavailable(live, reason) };
  }
  const ask = async (source: AskAt): Promise<Measured> => {
    const known = canary.metrics.filter(({ query }) => query !== undefined);
    const others = canary.metrics.filter(({ query }) => query === undefined);
    const verdicts = await judgeMetrics({
      canary: { ...canary, metrics: known },
      source: source(atMs),
      strict: true,
    });
    const reason = 'its query is in no MetricTemplate that asks Prometheus';
    const unasked = unavailable({ canary: { ...canary, metrics: others } }, reason);
    const fromMs = history.startedAt === null ? undefined : Date.parse(history.startedAt);
    const toMs = Math.min(nowMs, atMs + scrapeMs);
    const requestsMet =
      fromMs === undefined
        ? undefined
        : await source(toMs)
            .query(exposureBetween(canary, { fromMs, toMs }))
            .catch(() => undefined);
    return {
      atMs,
      verdicts: [...verdicts, ...unasked],
      requestsMet: requestsMet === undefined ? undefined : Math.round(requestsMet),
    };
  };
  try {
    return await withPrometheus(prometheus, ask);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { atMs, requestsMet: undefined, verdicts: unavailable(live, reason) };
  }
}

function unavailable({ canary }: Pick<LiveCanary, 'canary'>, reason: string): Verdict[] {
  return canary.metrics.map(({ name, query = '' }) => ({
    kind: 'unavailable',
    metric: name,
    query,
    reason,
  }));
}
