import { formatDuration, timeTicks } from './model/duration.ts';
import { percentIn, type Window } from './model/window.ts';

type Props = { window: Window; durationUs: number; onWhole: () => void };

const TICKS = 5;

/** The heading above the rows: what the columns are, and the times. */
export function TimeAxis({ window, durationUs, onWhole }: Props) {
  const { fromUs, toUs } = window;
  const step = timeTicks(toUs - fromUs, TICKS)[1] ?? toUs - fromUs;
  const ticks = ticksBetween(window, step);
  const isZoomed = fromUs > 0 || toUs < durationUs;
  return (
    <div class="trace-axis">
      <div class="trace-axis-name">
        Service and operation
        {isZoomed && (
          <button type="button" class="button small" onClick={onWhole}>
            Whole trace
          </button>
        )}
      </div>
      <div class="trace-axis-lane" aria-hidden="true">
        {ticks.map((us) => (
          <span key={us} style={{ left: `${percentIn(window, us)}%` }}>
            {us === 0 ? '0' : formatDuration(us)}
          </span>
        ))}
      </div>
    </div>
  );
}

function ticksBetween({ fromUs, toUs }: Window, step: number): number[] {
  const ticks: number[] = [];
  // Less than a tenth before the end a label would be cut off.
  const last = toUs - (toUs - fromUs) * 0.06;
  if (step > 0)
    for (let us = Math.ceil(fromUs / step) * step; us <= last; us += step) ticks.push(us);
  return ticks;
}
