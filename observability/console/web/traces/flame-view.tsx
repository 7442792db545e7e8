import { useMemo, useState } from 'preact/hooks';
import { count, formatShare } from '../core/format.ts';
import { colourClasses } from './colours.ts';
import { formatDuration } from './model/duration.ts';
import { type FlameFrame, flameGraph } from './model/flame.ts';
import type { ShownTrace } from './model/shown-trace.ts';

type Props = { shown: ShownTrace; onSelect: (span: string) => void };

const ROW = 24;
/** Narrower than so much of the width there is nothing to see, or to hit. */
const WIDTH_MIN = 0.001;
const LABEL_MIN = 0.025;

/** Where the work was, by way through the services: as wide as the time that was spent there. */
export function FlameView({ shown, onSelect }: Props) {
  const frames = useMemo(() => flameGraph(shown.tree), [shown]);
  const colour = useMemo(() => colourClasses(shown.services), [shown]);
  const [focus, setFocus] = useState<FlameFrame>();
  const [looked, look] = useState<FlameFrame>();
  const inSight = frames.filter((frame) => isInSight(frame, focus));
  const depth = inSight.reduce((most, frame) => Math.max(most, frame.depth), 0);
  const [first] = frames;
  const described = looked ?? focus ?? first;
  return (
    <section class="trace-flame" aria-label="Flame graph">
      <div class="trace-flame-about">
        {described && <About frame={described} onSelect={onSelect} />}
        {focus && (
          <button type="button" class="button small" onClick={() => setFocus(undefined)}>
            Whole trace
          </button>
        )}
      </div>
      <div
        class="trace-flame-frames"
        style={{ height: `${(depth + 1) * ROW}px` }}
        onMouseLeave={() => look(undefined)}
      >
        {inSight.map((frame) => (
          <button
            key={frame.index}
            type="button"
            class={`trace-flame-frame ${colour(frame.service)} ${frame.errors > 0 ? 'error' : ''}`}
            style={{ ...boxOf(frame, focus), top: `${frame.depth * ROW}px` }}
            aria-label={`${frame.service} ${frame.operation}, ${formatDuration(frame.totalUs)}`}
            onMouseEnter={() => look(frame)}
            onFocus={() => look(frame)}
            onClick={() => setFocus(frame.parent === undefined ? undefined : frame)}
          >
            {boxShare(frame, focus) >= LABEL_MIN && (
              <>
                <b>{frame.service}</b> {frame.operation}
              </>
            )}
          </button>
        ))}
      </div>
      <p class="muted small">
        As wide as the time spent: own time of a span and all below it, so that work done at the
        same time counts twice. Select a frame to see it in full width.
      </p>
    </section>
  );
}

function About({ frame, onSelect }: { frame: FlameFrame; onSelect: Props['onSelect'] }) {
  const [slowest] = frame.nodes;
  const facts = [
    count(frame.nodes.length, 'span'),
    `${formatDuration(frame.totalUs)} (${formatShare(frame.width)})`,
    `own ${formatDuration(frame.selfUs)}`,
    ...(frame.errors > 0 ? [count(frame.errors, 'error')] : []),
  ];
  return (
    <p>
      <strong>{frame.service}</strong> {frame.operation}{' '}
      <span class="muted">{facts.join(' · ')}</span>{' '}
      {slowest && (
        <button type="button" class="trace-link" onClick={() => onSelect(slowest.span.id)}>
          {frame.nodes.length > 1 ? 'Show the slowest' : 'Show in the timeline'}
        </button>
      )}
    </p>
  );
}

/** Frames above and below the one that is looked at. */
function isInSight({ left, width }: FlameFrame, focus: FlameFrame | undefined): boolean {
  if (focus === undefined) return width >= WIDTH_MIN;
  const tiny = 1e-9;
  const isBelow = left >= focus.left - tiny && left + width <= focus.left + focus.width + tiny;
  const isAbove = left <= focus.left + tiny && left + width >= focus.left + focus.width - tiny;
  return isAbove || (isBelow && width >= WIDTH_MIN * focus.width);
}

function boxShare({ width }: FlameFrame, focus: FlameFrame | undefined): number {
  return width / (focus?.width || 1);
}

function boxOf({ left, width }: FlameFrame, focus: FlameFrame | undefined) {
  const whole = focus ?? { left: 0, width: 1 };
  const [from, to] = [left, left + width].map((at) =>
    Math.min(1, Math.max(0, (at - whole.left) / (whole.width || 1))),
  );
  return { left: `${100 * (from ?? 0)}%`, width: `${100 * ((to ?? 0) - (from ?? 0))}%` };
}
