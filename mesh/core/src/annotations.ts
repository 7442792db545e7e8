import { type Backoff, backoffFault } from './backoff.ts';
import type { Accrual } from './breaker.ts';
import { parseDuration } from './duration.ts';
import type { RetryPolicy } from './retry.ts';

/** Annotations of one object. */
export type Annotations = Readonly<Record<string, string>>;

/** A value, or what is wrong with the annotations that should give it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly key: string; readonly fault: string };

/** Timeouts of a route in milliseconds; absent ones do not apply. */
export type Timeouts = {
  readonly requestMs?: number;
  readonly responseMs?: number;
  readonly idleMs?: number;
};

const GRPC_CODES: Readonly<Record<string, number>> = {
  cancelled: 1,
  'deadline-exceeded': 4,
  'resource-exhausted': 8,
  internal: 13,
  unavailable: 14,
};

/** `timeout.linkerd.io/request|response|idle`; undefined when none is present. */
export function parseTimeouts(annotations: Annotations): Parsed<Timeouts | undefined> {
  const timeouts: { requestMs?: number; responseMs?: number; idleMs?: number } = {};
  for (const kind of ['request', 'response', 'idle'] as const) {
    const key = `timeout.linkerd.io/${kind}`;
    const text = annotations[key];
    if (text === undefined) continue;
    const ms = parseDuration(text);
    if (ms === undefined)
      return { ok: false, key, fault: `'${text}' is not a duration such as 300ms or 5s` };
    timeouts[`${kind}Ms`] = ms;
  }
  return { ok: true, value: Object.keys(timeouts).length === 0 ? undefined : timeouts };
}

/** The set a route uses: its own whole when it has any, else the Service's; zeros mean none. */
export function effectiveTimeouts(
  route: Timeouts | undefined,
  service: Timeouts | undefined,
): Timeouts {
  const chosen = route ?? service ?? {};
  return Object.fromEntries(Object.entries(chosen).filter(([, ms]) => ms > 0));
}

/** `retry.linkerd.io/http|grpc|limit|timeout`; any one switches retries on. */
export function parseRetry(annotations: Annotations): Parsed<RetryPolicy | undefined> {
  const [http, grpc, limit, timeout] = ['http', 'grpc', 'limit', 'timeout'].map(
    (name) => annotations[`retry.linkerd.io/${name}`],
  );
  if ([http, grpc, limit, timeout].every((value) => value === undefined))
    return { ok: true, value: undefined };
  const statuses = (http === undefined ? [] : http.split(',')).map(parseStatuses);
  const badStatus = statuses.findIndex((range) => range === undefined);
  if (badStatus >= 0)
    return {
      ok: false,
      key: 'retry.linkerd.io/http',
      fault: `'${http?.split(',')[badStatus]}' is not 5xx, gateway-error, NNN or NNN-NNN`,
    };
  const codes = (grpc === undefined ? [] : grpc.split(',')).map(
    (name) => GRPC_CODES[name.toLowerCase()],
  );
  if (codes.includes(undefined))
    return { ok: false, key: 'retry.linkerd.io/grpc', fault: `'${grpc}' names an unknown code` };
  if (limit !== undefined && !(/^\d{1,5}$/.test(limit) && Number(limit) < 65_536)) {
    return {
      ok: false,
      key: 'retry.linkerd.io/limit',
      fault: `'${limit}' is not a whole number up to 65535`,
    };
  }
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && timeoutMs === undefined)
    return { ok: false, key: 'retry.linkerd.io/timeout', fault: `'${timeout}' is not a duration` };
  return {
    ok: true,
    value: {
      statuses: statuses.filter((range) => range !== undefined),
      grpcStatuses: codes.filter((code) => code !== undefined),
      limit: Math.max(1, Number(limit ?? 1)),
      ...(timeoutMs ? { timeoutMs } : {}),
    },
  };
}

function parseStatuses(text: string): readonly [number, number] | undefined {
  const condition = text.toLowerCase();
  if (condition === '5xx') return [500, 599];
  if (condition === 'gateway-error') return [502, 504];
  const match = /^(\d{3})(?:-(\d{3}))?$/.exec(condition);
  if (!match) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from >= 100 && from <= to && to <= 599 ? [from, to] : undefined;
}

const PREFIX = 'balancer.linkerd.io/failure-accrual';
const ALPHA = 'balancer.alpha.linkerd.io/failure-accrual-success-rate';

/** `balancer.linkerd.io/failure-accrual*` of a parent Service; undefined when off. */
export function parseAccrual(annotations: Annotations): Parsed<Accrual | undefined> {
  const mode = annotations[PREFIX];
  if (mode === undefined) return { ok: true, value: undefined };
  if (mode !== 'consecutive' && mode !== 'unified') {
    return { ok: false, key: PREFIX, fault: `'${mode}' is not consecutive or unified` };
  }
  const read = reader(annotations);
  const backoff: Backoff = {
    minMs: read.duration(`${PREFIX}-consecutive-min-penalty`, 1_000),
    maxMs: read.duration(`${PREFIX}-consecutive-max-penalty`, 60_000),
    jitterRatio: read.number(`${PREFIX}-consecutive-jitter-ratio`, 0.5),
  };
  const accrual: Accrual = {
    maxFailures: read.number(`${PREFIX}-consecutive-max-failures`, 7),
    backoff,
    ...(mode === 'unified' && {
      successRate: {
        threshold: read.number(`${ALPHA}-threshold`, 0.8),
        windowMs: read.duration(`${ALPHA}-window`, 10_000),
        minRequests: read.number(`${ALPHA}-min-requests`, 5),
      },
    }),
  };
  const fault = backoffFault(backoff);
  if (read.fault) return { ok: false, ...read.fault };
  return fault
    ? { ok: false, key: `${PREFIX}-consecutive-min-penalty`, fault }
    : { ok: true, value: accrual };
}

/** Reads annotations with defaults and remembers the first that is wrong. */
function reader(annotations: Annotations) {
  let fault: { key: string; fault: string } | undefined;
  const read = (
    key: string,
    fallback: number,
    parse: (text: string) => number | undefined,
  ): number => {
    const text = annotations[key];
    if (text === undefined) return fallback;
    const value = parse(text);
    if (value === undefined) fault ??= { key, fault: `'${text}' cannot be read` };
    return value ?? fallback;
  };
  return {
    duration: (key: string, fallback: number) => read(key, fallback, parseDuration),
    number: (key: string, fallback: number) =>
      read(key, fallback, (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined)),
    get fault() {
      return fault;
    },
  };
}
