import type { Project } from './project.ts';

/** One place where a rule is broken. `path` may be a folder; `line` 0 means the whole file. */
export type Violation = { path: string; line: number; message: string };

export type Finding = { measured: string; violations: Violation[] };

/** A measure with a target. */
export type Rule = {
  name: string;
  target: string;
  check(project: Project): Finding;
};

/** Nearest-rank percentile; 0 for no values. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** A violation of the whole project when a share is over its limit. */
export function overLimit(
  measure: string,
  { value, limit }: { value: number; limit: number },
): Violation[] {
  if (value <= limit) return [];
  return [{ path: '.', line: 0, message: `${measure} is ${value}, expected at most ${limit}` }];
}

/** The usual finding: each violation counts one. */
export function counted(violations: Violation[]): Finding {
  return { measured: String(violations.length), violations };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
