import { formatMs } from '../core/format.ts';
import type { Incident, NodeState, Step } from '../core/wire.ts';

/** What is wrong, after `payments:` */
export const symptomWords: Readonly<Record<Incident['symptom'], string>> = {
  errors: 'answers with errors',
  latency: 'is slow',
  unreachable: 'cannot be reached',
  silence: 'does not answer',
  backlog: 'does not keep up',
  overload: 'gets more than it can do',
};

export const originWords: Readonly<Record<Incident['origin']['kind'], string>> = {
  service: 'service',
  instance: 'one instance',
  version: 'one version',
  edge: 'calls between two services',
  store: 'store',
  provider: 'outside provider',
  queue: 'queue',
  load: 'load',
};

export const effectWords: Readonly<Record<Step['effect'], string>> = {
  broke: 'broke',
  failed: 'began to fail',
  slow: 'became slow',
  absorbed: 'absorbed it',
  backlog: 'fell behind',
};

/** How a step is drawn: as the state that it put the service in. */
export const effectStates: Readonly<Record<Step['effect'], NodeState>> = {
  broke: 'origin',
  failed: 'victim',
  slow: 'victim',
  absorbed: 'masked',
  backlog: 'victim',
};

export const absorbWords: Readonly<Record<Incident['absorbed'][number]['by'], string>> = {
  retry: 'by trying again',
  fallback: 'by a fallback',
  breaker: 'by a circuit breaker',
  queue: 'by letting it wait in a queue',
};

/** How long it lasted, or has lasted until `nowMs`. */
export function durationOf(incident: Incident, nowMs: number): string {
  const endMs = incident.resolved_at === null ? nowMs : Date.parse(incident.resolved_at);
  return formatMs(Math.max(0, endMs - Date.parse(incident.onset)));
}
