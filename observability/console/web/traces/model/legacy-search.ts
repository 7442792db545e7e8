import { readTraces } from './read-trace.ts';
import type { Summary } from './summary.ts';
import { buildTree } from './tree.ts';

/** The parameters of Jaeger's older `GET /api/traces` that ask for the same as those of the newer API. */
export function legacyParams(params: URLSearchParams): URLSearchParams {
  const text = (name: string) => params.get(`query.${name}`) ?? '';
  const microseconds = (name: string) => String(Date.parse(text(name)) * 1_000);
  const legacy = {
    service: text('serviceName'),
    operation: text('operationName'),
    start: microseconds('startTimeMin'),
    end: microseconds('startTimeMax'),
    minDuration: text('durationMin'),
    maxDuration: text('durationMax'),
    tags: text('attributes'),
    limit: text('searchDepth'),
  };
  return new URLSearchParams(Object.entries(legacy).filter(([, value]) => value !== ''));
}

/** What the older API finds are whole traces; this makes of them what the newer one would say. */
export function summarise(json: unknown): Summary[] {
  return readTraces(json)
    .map(({ id, spans }) => {
      const { roots, startUs, endUs: lastUs } = buildTree(spans);
      const root = roots.find(({ cut }) => cut === undefined)?.span;
      const names = [...new Set(spans.map(({ process }) => process.service))].toSorted();
      return {
        id,
        service: root?.process.service ?? '',
        operation: root?.operation ?? '',
        startUs,
        durationUs: lastUs - startUs,
        spans: spans.length,
        errors: spans.filter(({ isError }) => isError).length,
        orphans: roots.filter(({ cut }) => cut === 'parent missing').length,
        services: names.map((name) => {
          const own = spans.filter(({ process }) => process.service === name);
          const errors = own.filter(({ isError }) => isError).length;
          return { name, spans: own.length, errors };
        }),
      };
    })
    .toSorted((a, b) => b.startUs - a.startUs);
}
