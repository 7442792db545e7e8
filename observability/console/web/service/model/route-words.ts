import type {
  Retry,
  RoutedService,
  RouteMatch,
  RouteRule,
  RoutesReport,
  Timeouts,
} from './mesh-report.ts';
import { inWords } from './policy-words.ts';

/** How some calls of a service travel. */
export type RouteWords = {
  /** The HTTPRoute; '' for what no route is about. */
  readonly name: string;
  /** Such as `GET /products/…`. */
  readonly calls: readonly string[];
  readonly sentences: readonly string[];
};

/** How callers' sidecars treat calls of a service, in words: one entry for each rule. */
export function describeRoutes(report: RoutesReport, service: string): RouteWords[] {
  return report.services
    .filter(({ name }) => name === service)
    .flatMap((routed) => [...routed.routes.flatMap(wordsOf), ...withoutRoute(routed)]);
}

/** What the breaker does; undefined when there is none. */
export function describeBreaker(report: RoutesReport, service: string): string | undefined {
  const accrual = report.services.find(
    ({ name, accrual: has }) => has && name === service,
  )?.accrual;
  if (accrual === undefined) return undefined;
  const { maxFailures, backoff } = accrual;
  const pause = `${formatTime(backoff.minMs)}, then twice as long up to ${formatTime(backoff.maxMs)}`;
  return `An instance that fails ${maxFailures} times in a row gets no calls for ${pause}; then one call tries it.`;
}

function wordsOf({ ref, rules }: RoutedService['routes'][number]): RouteWords[] {
  return rules.map((rule) => ({
    name: ref.name,
    calls: rule.matches.length === 0 ? ['every call'] : rule.matches.map(describeMatch),
    sentences: [
      ...describeTimeouts(rule.timeouts),
      ...describeRetry(rule.retry),
      ...describeSplit(rule),
    ],
  }));
}

function withoutRoute({ routes, timeouts, retry }: RoutedService): RouteWords[] {
  if (routes.length > 0) return [];
  const sentences = [...describeTimeouts(timeouts), ...describeRetry(retry)];
  return [{ name: '', calls: ['every call'], sentences }];
}

const PATHS: Readonly<Record<string, (value: string) => string>> = {
  Exact: (value) => value,
  PathPrefix: (value) => (value === '/' ? '/…' : `${value}/…`),
  RegularExpression: readablePattern,
};

/** A group of a path that may be anything is a placeholder. */
function readablePattern(value: string): string {
  return value.replaceAll('[^/]+', '…').replaceAll(/\((?:\?:)?([\w|]+)\)/g, '{$1}');
}

function describeMatch({ method, path, headers = [], query = [] }: RouteMatch): string {
  const where = path === undefined ? '/…' : (PATHS[path.type] ?? String)(path.value);
  const conditions = [
    ...headers.map(({ name, match }) => `${name}${valueWords(match)}`),
    ...query.map(({ name, match }) => `?${name}${valueWords(match)}`),
  ];
  const call = method === undefined ? where : `${method} ${where}`;
  return conditions.length === 0 ? call : `${call} with ${inWords(conditions)}`;
}

function valueWords({ type, value }: { readonly type: string; readonly value: string }): string {
  if (type === 'RegularExpression') return value === '.+' ? '' : ` like ${value}`;
  return `: ${value}`;
}

function describeTimeouts({ requestMs, responseMs, idleMs }: Timeouts): string[] {
  return [
    ...(requestMs === undefined
      ? []
      : [`Has ${formatTime(requestMs)} from first byte to last, tries included; then 504.`]),
    ...(responseMs === undefined
      ? []
      : [`Each answer has to come within ${formatTime(responseMs)}.`]),
    ...(idleMs === undefined ? [] : [`May not stand still for longer than ${formatTime(idleMs)}.`]),
    ...((requestMs ?? responseMs ?? idleMs) === undefined ? ['May take as long as it takes.'] : []),
  ];
}

function describeRetry(retry: Retry | undefined): string[] {
  if (retry === undefined || retry.limit === 0) return ['Is sent once, whatever comes of it.'];
  const { statuses, limit, timeoutMs } = retry;
  const codes = statuses.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  const times = limit === 1 ? 'once' : `up to ${limit} times`;
  const each = timeoutMs === undefined ? '' : `, or no answer within ${formatTime(timeoutMs)}`;
  return [`Is tried again ${times} after ${inWords(codes)}${each}.`];
}

function describeSplit({ backends }: RouteRule): string[] {
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  if (backends.length < 2 || total === 0) return [];
  const shares = backends.map(
    ({ weight, target }) =>
      `${Math.round((100 * weight) / total)} % to ${target.name ?? target.kind}`,
  );
  return [`Goes ${inWords(shares)}.`];
}

/** `250 ms`, `5 s`. */
function formatTime(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}
