import { formatTime } from '../core/format.ts';
import { type Bar, labelled, type Mark, packBars, type Span } from './model.ts';

const ROWS_MAX = 2;

type Props = {
  span: Span;
  marks: readonly Mark[];
  bars: readonly Bar[];
  onGo(ms: number): void;
};

const names = { incident: 'Broken', fault: 'Faults', alert: 'Alerts' } as const;

/** One lane for each kind of thing that lasted, and one for what was done. */
export function Lanes({ span, marks, bars, onGo }: Props) {
  const kinds = (['incident', 'fault', 'alert'] as const).filter(
    (kind) => kind === 'incident' || bars.some((bar) => bar.kind === kind),
  );
  return (
    <div class="time-lanes">
      <div class="time-lane">
        <span class="time-name">Changes</span>
        {marks.map((mark) => (
          <MarkButton key={mark.key} mark={mark} span={span} onGo={onGo} />
        ))}
      </div>
      {kinds.map((kind) => (
        <BarLane key={kind} kind={kind} span={span} bars={bars} onGo={onGo} />
      ))}
    </div>
  );
}

type LaneProps = { kind: Bar['kind']; span: Span; bars: readonly Bar[]; onGo(ms: number): void };

function BarLane({ kind, span, bars, onGo }: LaneProps) {
  const packed = packBars(
    bars.filter((bar) => bar.kind === kind).map((bar) => labelled(bar, span)),
    ROWS_MAX,
  );
  const rows = Math.max(1, ...packed.map(({ row }) => row + 1));
  return (
    <div class="time-lane" style={{ height: `${rows * 19 + 3}px` }}>
      <span class="time-name">{names[kind]}</span>
      {packed.map((bar) => (
        <button
          key={bar.key}
          type="button"
          class={`time-bar ${kind} ${bar.side} ${bar.isOpen ? 'open' : ''}`}
          style={{
            left: positionOf(bar.fromMs, span),
            width: `calc((100% - var(--time-left) - var(--time-right)) * ${partOf(bar.toMs, span) - partOf(bar.fromMs, span)})`,
            top: `${bar.row * 19 + 1}px`,
          }}
          title={`${bar.text}, ${formatTime(bar.fromMs)}`}
          onClick={() => onGo(bar.fromMs + 2_000)}
        >
          <span>{bar.text}</span>
        </button>
      ))}
    </div>
  );
}

const shapes: Readonly<Record<Mark['kind'], string>> = {
  deploy: 'M6 1 11 10H1z',
  weight: 'M6 1 11 6 6 11 1 6z',
  scale: 'M2 2h8v8H2z',
  crash: 'M2 2 10 10M10 2 2 10',
};

function MarkButton({ mark, span, onGo }: { mark: Mark; span: Span; onGo(ms: number): void }) {
  const text = `${mark.text}, ${formatTime(mark.atMs)}`;
  return (
    <button
      type="button"
      class={`time-mark ${mark.kind}`}
      style={{ left: positionOf(mark.atMs, span) }}
      title={text}
      aria-label={text}
      onClick={() => onGo(mark.atMs + 1_000)}
    >
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        <path d={shapes[mark.kind]} />
      </svg>
    </button>
  );
}

function partOf(ms: number, { fromMs, toMs }: Span): number {
  return toMs > fromMs ? (ms - fromMs) / (toMs - fromMs) : 0;
}

/** On the plot's own axis. */
function positionOf(ms: number, span: Span): string {
  return `calc(var(--time-left) + (100% - var(--time-left) - var(--time-right)) * ${partOf(ms, span)})`;
}
