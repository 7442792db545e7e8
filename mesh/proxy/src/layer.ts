import type { Request, Response } from './request.ts';

export type Handler = (request: Request) => Promise<Response>;

/** One policy: something done around everything further in. */
export type Layer = (next: Handler) => Handler;

/** Folds layers, first outermost, around `innermost`; absent ones cost nothing. */
export function stack(layers: readonly (Layer | undefined)[], innermost: Handler): Handler {
  return layers.reduceRight((next, layer) => (layer ? layer(next) : next), innermost);
}
