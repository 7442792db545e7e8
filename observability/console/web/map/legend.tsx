import type { NodeState } from '../core/wire.ts';
import { StateBadge } from '../ui/state-badge.tsx';

const meanings: readonly (readonly [NodeState, string])[] = [
  ['origin', 'broke first'],
  ['victim', 'hit by it'],
  ['masked', 'others are spared'],
  ['healthy', 'as usual'],
];

/** What the shapes mean, for who sees them for the first time. */
export function Legend() {
  return (
    <ul class="map-legend" aria-label="What the shapes mean">
      {meanings.map(([state, meaning]) => (
        <li key={state}>
          <StateBadge state={state} />
          <span>{meaning}</span>
        </li>
      ))}
      <li>
        <svg width="30" height="8" aria-hidden="true">
          <path class="legend-line" d="M1 4h28" />
        </svg>
        <span>call</span>
      </li>
      <li>
        <svg width="30" height="8" aria-hidden="true">
          <path class="legend-line async" d="M1 4h28" />
        </svg>
        <span>message</span>
      </li>
      <li>
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          <path class="legend-failure" d="M6 1 11 6 6 11 1 6z" />
        </svg>
        <span>failure returning</span>
      </li>
    </ul>
  );
}
