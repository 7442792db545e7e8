/**
 * The service that a workload's or Service's name stands for: Flagger makes `x-primary` and
 * `x-canary` of a service `x`, and to people all three are `x`.
 */
export function serviceOf(name: string): string {
  return name.replace(/(?<=.)-(primary|canary)$/, '');
}
