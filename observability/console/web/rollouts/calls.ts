import { ask } from '../core/engine.ts';
import type { Action, Rollout } from './rollout.ts';

/** What the engine is asked about rollouts. */
export const rolloutCalls = {
  all: async () => (await ask<{ rollouts: Rollout[] }>('rollouts', {})).rollouts,
  act: (service: string, action: Action) => ask<Rollout>('rollout', { service, action }),
  deploy: (service: string) => ask<unknown>('deploy', { service }),
};
