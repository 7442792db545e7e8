import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { root } from '../../../../tools/config.ts';
import type { Problem } from '../manifest.ts';
import type { Resources } from '../resources.ts';
import { has, problem } from './references.ts';

/** Of Linkerd's metrics those that are judged by. */
const ofLinkerd = [
  'response_total',
  'response_latency_ms_bucket',
  'outbound_http_route_backend_response_statuses_total',
];

/** What scales and judges has something to scale, and asks a Prometheus for metrics that there are. */
export function checkScaling(all: Resources): Problem[] {
  return [
    ...all.HorizontalPodAutoscaler.flatMap((one) => checkAutoscaler(one, all)),
    ...all.ScaledObject.flatMap((one) => checkScaledObject(one, all)),
    ...all.Canary.flatMap((one) => checkPrimaryQueries(one, all)),
    ...all.MetricTemplate.flatMap(({ metadata, spec }) =>
      checkQuery(`MetricTemplate ${metadata.name}`, {
        all,
        query: spec.query,
        address: spec.provider.address,
      }),
    ),
  ];
}

function checkAutoscaler(
  { metadata, spec }: Resources['HorizontalPodAutoscaler'][number],
  all: Resources,
): Problem[] {
  const what = `HorizontalPodAutoscaler ${metadata.name}`;
  const target = all.Deployment.find(
    (one) =>
      one.metadata.name === spec.scaleTargetRef.name &&
      one.metadata.namespace === metadata.namespace,
  );
  if (target === undefined) {
    return [problem(what, `there is no Deployment ${spec.scaleTargetRef.name}`)];
  }
  const names = new Set(target.spec.template.spec.containers.map(({ name }) => name));
  return spec.metrics
    .filter(({ containerResource }) => !names.has(containerResource.container))
    .map(({ containerResource }) =>
      problem(what, `there is no container ${containerResource.container}`),
    );
}

function checkScaledObject(
  { metadata, spec }: Resources['ScaledObject'][number],
  all: Resources,
): Problem[] {
  const what = `ScaledObject ${metadata.name}`;
  const isThere = has(all.Deployment, spec.scaleTargetRef.name, metadata.namespace);
  return [
    ...(isThere ? [] : [problem(what, `there is no Deployment ${spec.scaleTargetRef.name}`)]),
    ...spec.triggers.flatMap((trigger) => {
      if (trigger.type !== 'prometheus') return [];
      const { query, serverAddress } = trigger.metadata;
      return checkQuery(what, { all, query, address: serverAddress });
    }),
  ];
}

/** Flagger's copy of a ScaledObject, which scales what serves, asks for what it is told, or for a guess. */
function checkPrimaryQueries(
  { metadata, spec }: Resources['Canary'][number],
  all: Resources,
): Problem[] {
  const { autoscalerRef } = spec;
  if (autoscalerRef?.kind !== 'ScaledObject') return [];
  const scaled = all.ScaledObject.find(
    (one) =>
      one.metadata.name === autoscalerRef.name && one.metadata.namespace === metadata.namespace,
  );
  const queries = scaled?.spec.triggers.flatMap((trigger) =>
    trigger.type === 'prometheus' ? [[trigger.name, trigger.metadata.query] as const] : [],
  );
  const asked = Object.fromEntries(queries ?? []);
  if (isDeepStrictEqual(autoscalerRef.primaryScalerQueries ?? {}, asked)) return [];
  const message = `primaryScalerQueries: expected those of ScaledObject ${autoscalerRef.name}`;
  return [problem(`Canary ${metadata.name}`, message)];
}

type Query = { all: Resources; query: string; address: string | undefined };

function checkQuery(what: string, { all, query, address }: Query): Problem[] {
  const known = new Set([...ofLinkerd, ...ours()]);
  const asked = new Set([...query.matchAll(/([a-z_]+)\{/g)].map(([, name = '']) => name));
  const missing = [...asked.difference(known)];
  const { hostname, port } = new URL(address ?? 'http://nobody');
  const [service = '', namespace] = hostname.split('.');
  const isServed = all.Service.some(
    ({ metadata, spec }) =>
      metadata.name === service &&
      metadata.namespace === namespace &&
      spec.ports.some((one) => String(one.port) === port),
  );
  return [
    ...(asked.size === 0 ? [problem(what, 'asks for no metric')] : []),
    ...missing.map((name) => problem(what, `there is no metric ${name}`)),
    ...(isServed ? [] : [problem(what, `nobody serves ${address}`)]),
  ];
}

/** The metrics that the services declare. */
function ours(): string[] {
  const text = readFileSync(join(root, 'observability/telemetry/src/metrics.ts'), 'utf8');
  return [...text.matchAll(/name: '([a-z_]+)'/g)].map(([, name = '']) => name);
}
