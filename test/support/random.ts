/** Numbers from 0 to below 1, always the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: FAULTLINE_SEED to repeat one, else a new one. Say it in the test's title. */
export const runSeed = Number(process.env['FAULTLINE_SEED'] ?? Date.now() % 1_000_000);

export function pick<T>(random: () => number, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('pick one: there is nothing to pick from');
  return chosen;
}
