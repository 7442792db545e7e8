/**
 * What a metric says of the new version. `no-values`: it was asked and there is nothing to measure;
 * `hasTraffic` then tells a version that nobody called from one whose every call failed.
 * `unavailable`: it could not be asked.
 */
export type Verdict = {
  metric: string;
  query: string;
} & (
  | { kind: 'pass'; value: number }
  | { kind: 'fail'; value: number; reason: string }
  | { kind: 'no-values'; hasTraffic: boolean; reason: string }
  | { kind: 'unavailable'; reason: string }
);
