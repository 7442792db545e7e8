import { listOf, numberOf, objectOf, textOf } from './json.ts';

export type ServiceCount = {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
};

/** What a search finds. */
export type Summary = {
  readonly id: string;
  readonly service: string;
  readonly operation: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly spans: number;
  readonly errors: number;
  /** Spans whose parents are missing. */
  readonly orphans: number;
  readonly services: readonly ServiceCount[];
};

/** The answer of `GET /api/v3/trace-summaries`, newest first. */
export function readSummaries(json: unknown): Summary[] {
  return listOf(objectOf(json)['summaries']).map((value) => {
    const summary = objectOf(value);
    const startUs = microseconds(summary['minStartTimeUnixNano']);
    return {
      id: textOf(summary['traceId']),
      service: textOf(summary['rootServiceName']),
      operation: textOf(summary['rootOperationName']),
      startUs,
      durationUs: Math.max(0, microseconds(summary['maxEndTimeUnixNano']) - startUs),
      spans: numberOf(summary['spanCount']),
      errors: numberOf(summary['errorSpanCount']),
      orphans: numberOf(summary['orphanSpanCount']),
      services: listOf(summary['services']).map(readService),
    };
  });
}

function readService(value: unknown): ServiceCount {
  const { name, spanCount, errorSpanCount } = objectOf(value);
  return { name: textOf(name), spans: numberOf(spanCount), errors: numberOf(errorSpanCount) };
}

/** Nanoseconds are more than a double holds exactly. */
function microseconds(nanoseconds: unknown): number {
  const text = textOf(nanoseconds);
  return /^\d+$/.test(text) ? Number(BigInt(text) / 1_000n) : 0;
}
