import { type Random, seededRandom } from '@faultline/mesh-core/random';
import { weighted } from './chance.ts';

/** Somebody who comes at `atMs` after the start, to do one thing. */
export type Arrival = {
  atMs: number;
  journey: string;
  /** Decides everything this person chooses, whatever the others get to see. */
  random: Random;
};

export type Crowd = {
  seed: number;
  /** People a second, on average. */
  perSecond: number;
  /** What they come for, by weight. */
  weights: Readonly<Record<string, number>>;
};

/**
 * A crowd: independent people, so that the gaps between them are exponential (a Poisson process).
 * Endless, and the same for the same seed: nothing the system does changes who comes when.
 */
export function* arrivals({ seed, perSecond, weights }: Crowd): Generator<Arrival, never> {
  const random = seededRandom(seed);
  for (let atMs = 0; ;) {
    atMs += (-Math.log(1 - random()) / perSecond) * 1_000;
    const journey = weighted(random, weights);
    yield { atMs, journey, random: seededRandom(Math.floor(random() * 2 ** 32)) };
  }
}
