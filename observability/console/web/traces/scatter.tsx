import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { formatTime } from '../core/format.ts';
import { formatDuration } from './model/duration.ts';
import { nearestPoint, scatterPlot, type ScatterPoint } from './model/scatter.ts';
import type { Summary } from './model/summary.ts';

type Props = { found: readonly Summary[]; onOpen: (summary: Summary) => void };

const HEIGHT = 168;
/** For the durations on the left. */
const GUTTER = 58;
const REACH = 12;

/** What was found as points: duration over time. The table below says the same in words. */
export function Scatter({ found, onOpen }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1_000);
  const [near, setNear] = useState<ScatterPoint>();
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const sizes = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  const plot = useMemo(
    () => scatterPlot(found, { width: width - GUTTER, height: HEIGHT }),
    [found, width],
  );
  const look = ({ clientX, clientY, currentTarget }: MouseEvent) => {
    if (!(currentTarget instanceof Element)) return;
    const { left, top } = currentTarget.getBoundingClientRect();
    setNear(nearestPoint(plot, { x: clientX - left - GUTTER, y: clientY - top }, REACH));
  };
  return (
    <section class="panel trace-scatter" aria-label="Durations over time">
      <div class="trace-scatter-frame" ref={frame}>
        <svg
          width={width}
          height={HEIGHT}
          aria-hidden="true"
          class={near ? 'near' : ''}
          onMouseMove={look}
          onMouseLeave={() => setNear(undefined)}
          onClick={() => near && onOpen(near.summary)}
        >
          {plot.durations.map(({ y, us }) => (
            <g key={us} class="trace-grid">
              <line x1={GUTTER} x2={width} y1={y} y2={y} />
              <text x={GUTTER - 8} y={y + 4}>
                {decade(us)}
              </text>
            </g>
          ))}
          <g transform={`translate(${GUTTER})`}>
            {plot.points.map((point) => (
              <Point key={point.summary.id} point={point} isNear={point === near} />
            ))}
          </g>
        </svg>
        <div class="trace-scatter-times" aria-hidden="true">
          {plot.times.map(({ x, atUs }) => (
            <span key={atUs} style={{ left: `${x + GUTTER}px` }}>
              {formatTime(atUs / 1_000)}
            </span>
          ))}
        </div>
        {near && <Tip point={near} width={width} />}
      </div>
      <p class="trace-help muted">
        <span class="trace-legend">
          <i class="trace-legend-point" /> trace
        </span>
        <span class="trace-legend">
          <i class="trace-legend-cross" /> with errors
        </span>
        <span>Select a point to open its trace.</span>
      </p>
    </section>
  );
}

/** Errors are crosses: to be told apart without colour. */
function Point({ point: { x, y, isError }, isNear }: { point: ScatterPoint; isNear: boolean }) {
  const size = isNear ? 6 : 4;
  if (!isError) return <circle cx={x} cy={y} r={size} class="trace-point" />;
  const path = `M${x - size} ${y - size}l${2 * size} ${2 * size}m0 ${-2 * size}l${-2 * size} ${2 * size}`;
  return <path d={path} class="trace-point error" />;
}

function Tip({ point: { x, y, summary }, width }: { point: ScatterPoint; width: number }) {
  const left = x + GUTTER;
  const isRight = left > width / 2;
  const place = isRight ? { right: `${width - left + 14}px` } : { left: `${left + 14}px` };
  return (
    <div class="trace-tip" style={{ ...place, top: `${Math.min(y, HEIGHT - 50)}px` }}>
      <b>{summary.service}</b> {summary.operation}
      <br />
      {formatDuration(summary.durationUs)} · {summary.spans} spans
      {summary.errors > 0 && ` · ${summary.errors} failed`}
    </div>
  );
}

/** A power of ten of microseconds. */
function decade(us: number): string {
  if (us >= 1e6) return `${us / 1e6} s`;
  return us >= 1e3 ? `${us / 1e3} ms` : `${us} µs`;
}
