import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { formatTime } from '../core/format.ts';
import type { Lines } from './model/series.ts';
import { formatUnit, type Unit } from './model/unit.ts';

type Props = {
  lines: Lines;
  unit: Unit;
  /** What it shows, for those who cannot see it. */
  label: string;
  height?: number;
};

const COLOURS = 6;
/** More lines than colours are told apart by their dashes. */
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const LINES_MAX = 24;
const AXIS_WIDTH = 66;

/** Lines over time, and what each is at the place that is pointed at. */
export function Chart({ lines: { times, lines }, unit, label, height = 300 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [pointed, point] = useState<number>();
  const shown = lines.slice(0, LINES_MAX);
  const names = JSON.stringify(shown.map(({ name }) => name));
  const plot = useRef<uPlot>(undefined);
  const data = useMemo<uPlot.AlignedData>(
    () => [[...times], ...shown.map(({ values }) => [...values])],
    [times, lines],
  );
  useEffect(() => {
    const { current } = box;
    if (current === null) return undefined;
    const made = new uPlot(
      optionsOf({ width: current.clientWidth, height, count: shown.length, unit, point }),
      data,
      current,
    );
    plot.current = made;
    const stop = keepInShape(made, { box: current, height });
    return () => {
      stop();
      made.destroy();
    };
  }, [names, unit, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <figure class="metrics-chart" aria-label={label}>
      <div ref={box} class="metrics-chart-box" />
      <Legend lines={shown} at={pointed} unit={unit} times={times} />
      {lines.length > LINES_MAX && (
        <p class="muted small">
          {lines.length - LINES_MAX} more lines are not drawn; aggregate, or take topk of them.
        </p>
      )}
    </figure>
  );
}

type LegendProps = {
  lines: Lines['lines'];
  times: Lines['times'];
  at: number | undefined;
  unit: Unit;
};

function Legend({ lines, times, at, unit }: LegendProps) {
  const time = at === undefined ? undefined : times[at];
  return (
    <ul class="metrics-legend">
      {time !== undefined && <li class="muted">{formatTime(time * 1_000)}</li>}
      {lines.map(({ name, values }, index) => {
        const value = at === undefined ? values.findLast((one) => one !== null) : values[at];
        return (
          <li key={name}>
            <svg width="18" height="8" aria-hidden="true" class={`metrics-line-${index % COLOURS}`}>
              <line x1="0" x2="18" y1="4" y2="4" stroke-dasharray={dashOf(index).join(' ')} />
            </svg>
            {name} <b>{value === null || value === undefined ? '–' : formatUnit(value, unit)}</b>
          </li>
        );
      })}
    </ul>
  );
}

function dashOf(index: number): number[] {
  return DASHES[Math.floor(index / COLOURS) % DASHES.length] ?? [];
}

type Options = {
  width: number;
  height: number;
  count: number;
  unit: Unit;
  point: (at: number | undefined) => void;
};

function optionsOf({ width, height, count, unit, point }: Options): uPlot.Options {
  const axis = {
    stroke: () => token('--muted'),
    grid: { stroke: () => token('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), headroom(high ?? 0)] } },
    axes: [
      {
        ...axis,
        size: 26,
        values: (_plot, times) => times.map((time) => formatTime(time * 1_000)),
        space: 90,
      },
      {
        ...axis,
        size: AXIS_WIDTH,
        values: (_plot, values) => values.map((value) => formatUnit(value, unit)),
      },
    ],
    series: [
      {},
      ...Array.from({ length: count }, (_, index) => ({
        stroke: () => token(`--series-${(index % COLOURS) + 1}`),
        width: 1.6,
        dash: dashOf(index),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? undefined)] },
  };
}

/** Room above the highest line; a line at nothing still has an axis. */
function headroom(high: number): number {
  return high > 0 ? high * 1.08 : 1;
}

/** A colour of the theme that is on. */
function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

/** As wide as its box, and in the colours of the theme; the answer ends that. */
function keepInShape(plot: uPlot, { box, height }: { box: HTMLElement; height: number }) {
  const sizes = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
  sizes.observe(box);
  const repaint = () => plot.redraw();
  const theme = new MutationObserver(repaint);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', repaint);
  return () => {
    sizes.disconnect();
    theme.disconnect();
    scheme.removeEventListener('change', repaint);
  };
}
