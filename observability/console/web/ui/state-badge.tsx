import type { NodeState } from '../core/wire.ts';

/** A shape for each state, so that none is told by colour alone; in a box of 12 by 12. */
export const stateShapes: Readonly<Record<NodeState, string>> = {
  origin: 'M3.6.5h4.8L11.5 3.6v4.8L8.4 11.5H3.6L.5 8.4V3.6z',
  victim: 'M6 1 11.6 11H.4z',
  masked: 'M6 .6 11 2.4v3.4c0 2.8-2 4.7-5 5.8C3 10.5 1 8.600 1 5.800V2.4z',
  healthy: 'M6 2.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7z',
  unknown:
    'M6 2.200a3.800 3.800 0 1 0 0 7.600a3.800 3.800 0 1 0 0-7.600zm0 1.400a2.400 2.400 0 1 1 0 4.800a2.400 2.400 0 1 1 0-4.800z',
};

export const stateWords: Readonly<Record<NodeState, string>> = {
  origin: 'Origin',
  victim: 'Victim',
  masked: 'Absorbs it',
  healthy: 'Healthy',
  unknown: 'No traffic',
};

/** What something has to do with a failure, as a shape and a word. */
export function StateBadge({
  state,
  word = stateWords[state],
}: {
  state: NodeState;
  word?: string;
}) {
  return (
    <span class={`badge ${state}`}>
      <svg viewBox="0 0 12 12" width="11" height="11" aria-hidden="true">
        <path d={stateShapes[state]} />
      </svg>
      {word}
    </span>
  );
}
