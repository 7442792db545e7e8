import { randomInt } from 'node:crypto';

// The alphabet Kubernetes draws pod names from: no vowels, so that no words appear.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Five random characters, as at the end of a pod's name. `pick` answers 0 ≤ n < its argument. */
export function randomSuffix(pick: (limit: number) => number = randomInt): string {
  return Array.from({ length: 5 }, () => alphabet[pick(alphabet.length)]).join('');
}

/** A pod's name: `orders-3f2a1-x7k2p`. */
export function podName(
  deployment: { name: string; templateHash: string },
  pick?: (limit: number) => number,
): string {
  return `${deployment.name}-${deployment.templateHash}-${randomSuffix(pick)}`;
}
