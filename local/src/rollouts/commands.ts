import { allToPrimary } from './ledger.ts';
import { promoting, type RolloutState, type TickResult } from './state.ts';

/** What people may ask of a rollout. */
export type Request = 'pause' | 'resume' | 'promote' | 'abort';

const reachable: Readonly<Record<Request, readonly RolloutState['phase'][]>> = {
  pause: ['Progressing', 'WaitingPromotion'],
  resume: ['Progressing', 'WaitingPromotion'],
  promote: ['Progressing', 'WaitingPromotion'],
  abort: ['Waiting', 'Progressing', 'WaitingPromotion'],
};

/** Why a rollout in this state cannot do what is asked; undefined when it can. */
export function refusal({ phase, paused }: RolloutState, request: Request): string | undefined {
  if (!reachable[request].includes(phase)) {
    return `${request}: expected a rollout that is ${reachable[request].join(' or ')}, not ${phase}`;
  }
  if (request === 'resume' && !paused) return 'resume: it is not paused';
  return undefined;
}

/** The last is Flagger's alone, for a Canary that was taken away. */
const idle = new Set(['Initializing', 'Initialized', 'Succeeded', 'Failed', 'Terminated']);

export function isUnderWay(phase: string): boolean {
  return !idle.has(phase);
}

/** Without a version that was on trial, or half promoted: nobody asks any more how good it is. */
export function undone(state: RolloutState): TickResult {
  return {
    state: { ...state, phase: 'Failed', weight: 0, iterations: 0, paused: false },
    actions: [
      { kind: 'set-routes', weights: allToPrimary },
      ...(promoting.has(state.phase) ? [{ kind: 'restore-primary' } as const] : []),
      { kind: 'scale-target', to: 'zero' },
    ],
    events: [{ type: 'Normal', message: 'Another version takes over without analysis' }],
  };
}

/**
 * A rollout whose engine was away, and whose pods start anew. Analysis begins again with all traffic
 * at the primary; a promotion that had begun is finished, beside a canary that works should the primary
 * not. Nothing stays split.
 */
export function afterRestart(state: RolloutState): TickResult {
  switch (state.phase) {
    case 'Progressing':
    case 'WaitingPromotion': {
      const fresh = { weight: 0, failedChecks: 0, iterations: 0 };
      return {
        state: { ...state, ...fresh, phase: 'Progressing' },
        actions: [
          { kind: 'set-routes', weights: allToPrimary },
          { kind: 'scale-target', to: 'full' },
        ],
        events: [{ type: 'Normal', message: 'The engine was away: restarting analysis' }],
      };
    }
    case 'Promoting':
    case 'Finalising':
      return {
        state: { ...state, phase: 'Promoting', weight: 0, iterations: 0 },
        actions: [
          { kind: 'promote' },
          { kind: 'set-routes', weights: allToPrimary },
          { kind: 'scale-target', to: 'full' },
        ],
        events: [{ type: 'Normal', message: 'The engine was away: finishing promotion' }],
      };
    case 'Failed':
      return {
        state: { ...state, weight: 0 },
        actions: [{ kind: 'set-routes', weights: allToPrimary }],
        events: [],
      };
    default:
      return { state, actions: [], events: [] };
  }
}
