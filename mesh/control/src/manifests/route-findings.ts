import {
  type Annotations,
  type Parsed,
  parseRetry,
  parseTimeouts,
} from '@faultline/mesh-core/annotations';
import { parseDuration, parseGoDuration } from '@faultline/mesh-core/duration';
import type { Finding } from './fields.ts';
import type { Path } from './place.ts';
import type {
  BackendManifest,
  FilterManifest,
  HttpRouteManifest,
  ParentManifest,
  RuleManifest,
} from './route-fields.ts';

const supportedFilters = new Set<string>([
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
]);
const knownAnnotations =
  /^(timeout\.linkerd\.io\/(request|response|idle)|retry\.linkerd\.io\/(http|grpc|limit|timeout))$/;

/** What an HTTPRoute says that Linkerd does not do. */
export function httpRouteFindings({ apiVersion, metadata, spec }: HttpRouteManifest): Finding[] {
  const isLinkerds = apiVersion.startsWith('policy.linkerd.io/');
  return [
    ...annotationFindings(metadata.annotations),
    ...spec.parentRefs.flatMap(parentFindings),
    ...egressFindings({ metadata, spec }),
    ...spec.rules.flatMap((rule, index) =>
      ruleFindings(rule, { path: ['spec', 'rules', index], isLinkerds }),
    ),
  ];
}

function annotationFindings(annotations: Annotations): Finding[] {
  const parsed: readonly Parsed<unknown>[] = [parseTimeouts(annotations), parseRetry(annotations)];
  const bad = parsed.flatMap((result): Finding[] => {
    if (result.ok) return [];
    const path = ['metadata', 'annotations', result.key];
    return [{ path, message: result.fault, effect: 'reject' }];
  });
  const idle = Object.keys(annotations).flatMap((key): Finding[] => {
    if (!/^(timeout|retry|balancer)\.(alpha\.)?linkerd\.io\//.test(key)) return [];
    if (knownAnnotations.test(key)) return [];
    const message = key.startsWith('balancer.')
      ? 'has no effect on a route: Linkerd reads it from the parent Service'
      : 'Linkerd knows no such annotation';
    return [{ path: ['metadata', 'annotations', key], message, effect: 'ignore' }];
  });
  return [...bad, ...idle];
}

function parentFindings({ kind, group, port }: ParentManifest, index: number): Finding[] {
  const path = ['spec', 'parentRefs', index];
  if (kind === 'Service' && group === undefined) {
    const message =
      'a cluster fills in group gateway.networking.k8s.io, which Linkerd does not take for a ' +
      'Service; write group: core';
    return [{ path, message, effect: 'warn' }];
  }
  if (kind === 'Service' || kind === 'Server') return [];
  if (kind === 'EgressNetwork' && group === 'policy.linkerd.io') {
    if (port !== undefined) return [];
    return [{ path, message: 'an EgressNetwork needs a port', effect: 'reject' }];
  }
  const message =
    kind === 'Gateway'
      ? 'Linkerd implements no Gateways; expected a Service or Server (the default is Gateway)'
      : `'${kind}' is not supported as a parent; expected Service or Server`;
  return [{ path: [...path, 'kind'], message, effect: 'ignore' }];
}

/** A route of an EgressNetwork says what may pass; it changes nothing about it here. */
function egressFindings({ metadata, spec }: Pick<HttpRouteManifest, 'metadata' | 'spec'>) {
  if (!spec.parentRefs.some(({ kind }) => kind === 'EgressNetwork')) return [];
  const message =
    'the embedded mesh only matches what leaves it; expected no filters, backends, timeouts or retries';
  const finding = (path: Path): Finding => ({ path, message, effect: 'ignore' });
  const annotations = Object.keys(metadata.annotations)
    .filter((key) => knownAnnotations.test(key))
    .map((key) => finding(['metadata', 'annotations', key]));
  const fields = spec.rules.flatMap(({ filters, backendRefs, timeouts }, index) => [
    ...(filters.length > 0 ? [finding(['spec', 'rules', index, 'filters'])] : []),
    ...(backendRefs.length > 0 ? [finding(['spec', 'rules', index, 'backendRefs'])] : []),
    ...(timeouts.request === undefined ? [] : [finding(['spec', 'rules', index, 'timeouts'])]),
  ]);
  return [...annotations, ...fields];
}

type RulePlace = { path: Path; isLinkerds: boolean };

function ruleFindings(rule: RuleManifest, { path, isLinkerds }: RulePlace): Finding[] {
  const filters = rule.filters.flatMap((filter, index) =>
    filterFindings(filter, { path: [...path, 'filters', index], isLinkerds, effect: 'drop' }),
  );
  const backends = rule.backendRefs.flatMap((backend, index) =>
    backendFindings(backend, { path: [...path, 'backendRefs', index], isLinkerds }),
  );
  return [
    ...filters,
    ...backends,
    ...weightFindings(rule, path),
    ...timeoutFindings(rule, { path, isLinkerds }),
    ...ignoredFields(rule, path),
  ];
}

function backendFindings(backend: BackendManifest, { path, isLinkerds }: RulePlace): Finding[] {
  const findings = backend.filters.flatMap((filter, index) =>
    filterFindings(filter, { path: [...path, 'filters', index], isLinkerds, effect: 'backend' }),
  );
  const { group, kind, port } = backend;
  if (kind !== 'Service' || !['', 'core'].includes(group)) {
    const message = `'${kind}' is not supported as a backend: Linkerd answers 500; expected Service`;
    findings.push({ path: [...path, 'kind'], message, effect: 'backend' });
  } else if (port === undefined) {
    const message = 'a backend Service without a port answers 500; write its port';
    findings.push({ path, message, effect: 'backend' });
  }
  return findings;
}

function filterFindings(
  { type }: FilterManifest,
  place: RulePlace & { effect: 'drop' | 'backend' },
): Finding[] {
  const { path, isLinkerds, effect } = place;
  if (!supportedFilters.has(type)) {
    const outcome =
      effect === 'drop' ? 'drops the whole route' : 'answers 500 for the whole backend';
    const message = `Linkerd does not support ${type} and ${outcome}`;
    return [{ path: [...path, 'type'], message, effect }];
  }
  if (!isLinkerds || type !== 'ResponseHeaderModifier') return [];
  const message =
    'Linkerd changes the request’s headers instead on routes of policy.linkerd.io; ' +
    'use gateway.networking.k8s.io';
  return [{ path: [...path, 'type'], message, effect: 'ignore' }];
}

function weightFindings({ backendRefs }: RuleManifest, path: Path): Finding[] {
  const [only] = backendRefs;
  if (only === undefined || backendRefs.some(({ weight }) => weight > 0)) return [];
  if (backendRefs.length === 1) {
    const message = 'Linkerd ignores the weight of a single backend and sends it everything';
    return [{ path: [...path, 'backendRefs', 0, 'weight'], message, effect: 'ignore' }];
  }
  const message = 'all weights are 0: Linkerd’s proxies cannot build such a route';
  return [{ path: [...path, 'backendRefs'], message, effect: 'reject' }];
}

function timeoutFindings({ timeouts }: RuleManifest, { path, isLinkerds }: RulePlace): Finding[] {
  const findings: Finding[] = [];
  const { request, backendRequest } = timeouts;
  const parse = isLinkerds ? parseGoDuration : parseDuration;
  if (request !== undefined && parse(request) === undefined) {
    const message = isLinkerds
      ? `'${request}' is not a duration such as 1m30s`
      : `'${request}' is ignored by Linkerd: expected one number and ms, s, m, h or d, such as 90s`;
    findings.push({ path: [...path, 'timeouts', 'request'], message, effect: 'ignore' });
  }
  if (backendRequest !== undefined) {
    const message = 'Linkerd ignores it; use retry.linkerd.io/timeout for one attempt';
    findings.push({ path: [...path, 'timeouts', 'backendRequest'], message, effect: 'ignore' });
  }
  return findings;
}

function ignoredFields(rule: RuleManifest, path: Path): Finding[] {
  const findings: Finding[] = [];
  if (rule.retry !== undefined) {
    const message = 'Linkerd ignores it; use the annotations retry.linkerd.io/…';
    findings.push({ path: [...path, 'retry'], message, effect: 'ignore' });
  }
  if (rule.sessionPersistence !== undefined) {
    const message = 'Linkerd ignores it';
    findings.push({ path: [...path, 'sessionPersistence'], message, effect: 'ignore' });
  }
  return findings;
}
