import type { EdgeSample } from '@faultline/origin/model';

/**
 * The service that a workload's or Service's name stands for: Flagger makes `x-primary` and
 * `x-canary` of a service `x`, and to people all three are `x`.
 */
export function foldName(name: string): string {
  return name.replace(/(?<=.)-(primary|canary)$/, '');
}

/** A sample that tells of services only, not of the parts they are made of. */
export function foldSample(sample: EdgeSample): EdgeSample {
  const { source, target } = sample;
  return {
    ...sample,
    source: { ...source, service: foldName(source.service) },
    target: { ...target, name: foldName(target.name) },
  };
}
