import type { Incident, Origin } from './model.ts';

/** The origin as people call it. */
export function nameOf({ kind, service, version, instance, edge }: Origin): string {
  switch (kind) {
    case 'instance':
      return `the instance ${instance} of ${service}`;
    case 'version':
      return `version ${version} of ${service}`;
    case 'edge':
      return `the way from ${edge?.from} to ${edge?.to}`;
    case 'store':
      return `the store ${service}`;
    case 'provider':
      return `the provider ${service}`;
    case 'queue':
      return `the queue ${service}`;
    case 'load':
      return 'a rush of requests';
    case 'service':
      return service;
  }
}

type Told = Omit<Incident, 'sentence'> & {
  readonly ratio: { readonly bad: number; readonly total: number };
};

/** One sentence: who broke, how, since when, who followed, who absorbed it, how many were hit. */
export function sentenceOf(incident: Told): string {
  const { origin, onsetMs, absorbed, journeys, shareHit, suspectedChange } = incident;
  const name = nameOf(origin);
  const parts = [
    `${name[0]?.toUpperCase()}${name.slice(1)} ${whatOf(incident)} since ${clock(onsetMs)}`,
  ];
  const victims = incident.victims.map(({ service }) => service);
  if (victims.length > 0) parts.push(`${list(victims)} followed`);
  const caught = absorbed.map(
    ({ by, service, count }) =>
      `${service} absorbed ${count > 0 ? `${count} ` : ''}${count > 0 ? 'of it ' : 'some of it '}by ${by}`,
  );
  if (caught.length > 0) parts.push(list(caught.slice(0, 3)));
  const [journey] = journeys;
  parts.push(
    journey
      ? `${percent(shareHit)} of requests from outside were hit, most of all ${journey.name} (${journey.hit} of ${journey.requests})`
      : 'no request from outside was hit',
  );
  if (suspectedChange) parts.push(`suspected: ${suspectedChange.change.detail}`);
  return `${parts.join('; ')}.`;
}

function whatOf({ symptom, ratio }: Told): string {
  const bad = Math.round(ratio.bad);
  const total = Math.max(bad, Math.round(ratio.total));
  const counts = total > 0 ? `${bad} of ${total} calls` : '';
  switch (symptom) {
    case 'errors':
      return `has failed ${counts}`;
    case 'latency':
      return `has been slow in ${counts}`;
    case 'silence':
      return `has not answered ${counts} in time`;
    case 'unreachable':
      return total > 0 ? `has not been reached by ${counts}` : 'has gone';
    case 'backlog':
      return `has fallen ${bad} messages behind`;
    case 'overload':
      return `has made ${bad} of ${total} requests slow or fail`;
  }
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 23)}Z`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
