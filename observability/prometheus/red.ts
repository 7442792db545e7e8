import type { Timing } from './pace.ts';
import { ratio, type Group, type Recording } from './rule.ts';

/** Probes and scrapes come through a port of their own, and say nothing about the service. */
const served = 'direction="inbound",srv_name!="shop-admin-ports"';
/** A caller who goes away is nobody's failure; those who watch a stream all do. */
const servedBadly = `${served},classification="failure",error!="cancelled"`;

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
const edge = ['namespace', 'client', 'server'] as const;

/**
 * Rate, errors and duration from the sidecars: per service and per version as the server's proxy
 * sees them, per edge as the client's does. On an edge a request is what the client asked for once;
 * attempts are what that took, and the difference is the retries.
 */
export function redGroups(timing: Timing): Group<Recording>[] {
  const rate = (series: string, matchers = '') => `rate(${series}{${matchers}}[${timing.rate}])`;
  return [
    { name: 'red-servers', interval: timing.slow, rules: serverRules(rate) },
    { name: 'red-edges', rules: edgeRules(rate) },
  ];
}

type Rate = (series: string, matchers?: string) => string;

/** The many series of the sidecars are read once, per version; services are the sums of that. */
function serverRules(rate: Rate): Recording[] {
  const raw = {
    'requests:rate': rate('request_total', served),
    'responses:rate': rate('response_total', served),
    'errors:rate': rate('response_total', servedBadly),
    'latency_ms_bucket:rate': rate('response_latency_ms_bucket', served),
  };
  return Object.entries({ version: ['version'], service: [] }).flatMap(([level, more]) => {
    const by = ['namespace', 'service', ...more];
    const sums = Object.entries(raw).map(([name, fromSidecars]) => ({
      record: `${level}:${name}`,
      expr: sumBy(
        name.startsWith('latency') ? [...by, 'le'] : by,
        level === 'version' ? fromSidecars : `version:${name}`,
      ),
    }));
    return [...sums, ...ratios(level)];
  });
}

function ratios(level: string): Recording[] {
  return [
    {
      record: `${level}:errors:ratio`,
      expr: ratio(`${level}:errors:rate`, `${level}:responses:rate`),
    },
    ...Object.entries(quantiles).map(([name, q]) => ({
      record: `${level}:latency_ms:${name}`,
      expr: `histogram_quantile(${q}, ${level}:latency_ms_bucket:rate)`,
    })),
  ];
}

function sumBy(labels: readonly string[], of: string): string {
  return `sum by (${labels.join(', ')}) (${of})`;
}

/** An edge leads from a client to the Service that it names, whatever backends stand behind that. */
function edgeRules(rate: Rate): Recording[] {
  const route = 'outbound_http_route';
  const sum = (of: string) => sumBy(edge, named(of));
  const failures = (series: string) =>
    `${rate(series, 'http_status=~"5.."')} or ${rate(series, 'error!~"|CANCEL"')}`;
  const endpoints = (state: string) =>
    `outbound_http_balancer_endpoints{endpoint_state="${state}"}`;
  const rules = {
    'requests:rate': sum(rate(`${route}_request_statuses_total`)),
    'errors:rate': sum(failures(`${route}_request_statuses_total`)),
    'errors:ratio': ratio('edge:errors:rate', 'edge:requests:rate'),
    'attempts:rate': sum(rate(`${route}_backend_requests_total`)),
    'attempt_errors:rate': sum(failures(`${route}_backend_response_statuses_total`)),
    'attempt_errors:ratio': ratio('edge:attempt_errors:rate', 'edge:attempts:rate'),
    'retries:rate': sum(rate(`${route}_retry_requests_total`)),
    'retry_amplification:ratio': 'edge:attempts:rate / (edge:requests:rate > 0)',
    'latency_seconds:p95': `histogram_quantile(0.95, ${sumBy(
      [...edge, 'le'],
      named(rate(`${route}_request_duration_seconds_bucket`), ['le']),
    )})`,
    'endpoints:ready': sum(endpoints('ready')),
    'endpoints:pending': sum(endpoints('pending')),
  };
  return Object.entries(rules).map(([name, expr]) => ({ record: `edge:${name}`, expr }));
}

/** Adds `client` and `server`; `more` are further labels to keep apart. */
function named(of: string, more: readonly string[] = []): string {
  const summed = sumBy(['namespace', 'service', 'parent_name', ...more], of);
  const client = `label_replace(${summed}, "client", "$1", "service", "(.+)")`;
  return `label_replace(${client}, "server", "$1", "parent_name", "(.+)")`;
}
