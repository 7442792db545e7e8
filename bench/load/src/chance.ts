import type { Random } from '@faultline/mesh-core/random';

/** One of them, each as likely as the others. */
export function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('pick one: there is nothing to pick from');
  return chosen;
}

/** One of the names, each as likely as its weight says. */
export function weighted(random: Random, weights: Readonly<Record<string, number>>): string {
  const entries = Object.entries(weights);
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  throw new Error(`pick one: expected a weight above 0 among ${JSON.stringify(weights)}`);
}
