import type { Span } from './span.ts';

export type Sample = Partial<Omit<Span, 'process' | 'startUs' | 'durationUs'>> & {
  service?: string;
  instance?: string;
  /** Start and end in microseconds. */
  at?: readonly [startUs: number, endUs: number];
};

/** A span for tests. `parent` is the other's id. */
export function spanOf(id: string, parentId = '', sample: Sample = {}): Span {
  const { service = 'shop', instance = `${service}-1`, at = [0, 100], ...rest } = sample;
  return {
    id,
    parentId,
    operation: id,
    kind: 'internal',
    startUs: at[0],
    durationUs: at[1] - at[0],
    isError: false,
    process: { service, version: '1.0.0', instance, attributes: [] },
    attributes: [],
    events: [],
    links: [],
    warnings: [],
    ...rest,
  };
}
