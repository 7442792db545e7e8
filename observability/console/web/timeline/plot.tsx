import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatTime } from '../core/format.ts';
import type { Series, Span } from './model.ts';

const HEIGHT = 96;
const TIME_WIDTH = 60;
/** As `--time-left` and `--time-right` of the sheet: everything on the axis has them. */
const MARGINS = { left: 64, right: 24 } as const;

/** Requests and failures over time. */
export function Plot({ series, span }: { series: Series; span: Span }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const { current } = box;
    if (!current) return undefined;
    const made = new uPlot(optionsFor(current.clientWidth), series, current);
    plot.current = made;
    const resize = new ResizeObserver(() => {
      made.setSize({ width: current.clientWidth, height: HEIGHT });
    });
    resize.observe(current);
    const repaint = () => made.redraw();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const theme = new MutationObserver(repaint);
    scheme.addEventListener('change', repaint);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resize.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', repaint);
      made.destroy();
    };
  }, []);
  useEffect(() => {
    const { current } = plot;
    if (!current) return;
    current.batch(() => {
      current.setData(series, false);
      current.setScale('x', { min: span.fromMs / 1_000, max: span.toMs / 1_000 });
      current.setScale('y', { min: 0, max: topOf(series) });
    });
  }, [series, span.fromMs, span.toMs]);
  return <div class="time-plot" ref={box} aria-hidden="true" />;
}

/** Room above the highest, and never so little that three requests look like a storm. */
function topOf([, requests]: Series): number {
  const highest = requests.reduce((most, rate) => (rate > most ? rate : most), 0);
  return Math.max(5, highest * 1.15);
}

function optionsFor(width: number): uPlot.Options {
  const axis = { stroke: () => colour('--muted'), font: '12px system-ui', ticks: { show: false } };
  const grid = { stroke: () => colour('--line'), width: 1 };
  return {
    width,
    height: HEIGHT,
    padding: [6, MARGINS.right, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, auto: false }, y: { auto: false } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        space: 110,
        values: timesOf,
        filter: withRoom,
      },
      { ...axis, grid, size: MARGINS.left, space: 32 },
    ],
    series: [
      {},
      {
        stroke: () => colour('--series-1'),
        fill: () => `color-mix(in srgb, ${colour('--series-1')} 16%, transparent)`,
        width: 1.6,
        points: { show: false },
      },
      {
        stroke: () => colour('--origin'),
        fill: () => `color-mix(in srgb, ${colour('--origin')} 45%, transparent)`,
        width: 1.6,
        points: { show: false },
      },
    ],
  };
}

/** No time is written so far to the right that it would be cut off. */
function withRoom(plot: uPlot, splits: number[]): (number | null)[] {
  const last = plot.over.clientWidth + MARGINS.right - TIME_WIDTH / 2;
  return splits.map((at) => (plot.valToPos(at, 'x') > last ? null : at));
}

function timesOf(_: uPlot, seconds: (number | null)[]): string[] {
  return seconds.map((at) => (at === null ? '' : formatTime(at * 1_000)));
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
