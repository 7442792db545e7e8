import { useEffect, useRef, useState } from 'preact/hooks';
import { colourValues } from './colours.ts';
import { failureRole } from './model/failing.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { endUs } from './model/span.ts';
import { percentIn, type Window } from './model/window.ts';

type Props = { shown: ShownTrace; window: Window; onZoom: (window: Window) => void };

const HEIGHT = 56;
const TOKENS = { origin: '--origin', victim: '--victim', absorbed: '--masked' } as const;
/** Less is a click. */
const DRAG_MIN = 0.005;

/** All of the trace in small; a part that is dragged over is what the rows show. */
export function Minimap({ shown, window, onZoom }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const redraw = () => draw(element, shown);
    const sizes = new ResizeObserver(redraw);
    sizes.observe(element);
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      sizes.disconnect();
      theme.disconnect();
    };
  }, [shown]);
  const durationUs = shown.tree.endUs - shown.tree.startUs;
  const shareAt = ({ clientX }: PointerEvent) => {
    const { left = 0, width = 1 } = canvas.current?.getBoundingClientRect() ?? {};
    return Math.min(1, Math.max(0, (clientX - left) / width));
  };
  const start = (event: PointerEvent) => {
    canvas.current?.setPointerCapture(event.pointerId);
    setDrag({ from: shareAt(event), to: shareAt(event) });
  };
  const end = () => {
    if (drag === undefined) return;
    const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    setDrag(undefined);
    if (to - from > DRAG_MIN) onZoom({ fromUs: from * durationUs, toUs: to * durationUs });
  };
  const all = { fromUs: 0, toUs: durationUs };
  const [left, right] = drag
    ? [100 * Math.min(drag.from, drag.to), 100 * Math.max(drag.from, drag.to)]
    : [percentIn(all, window.fromUs), percentIn(all, window.toUs)];
  return (
    <div class="trace-minimap" title="Drag over a part to zoom in">
      <canvas
        ref={canvas}
        role="img"
        aria-label="All of the trace in small"
        onPointerDown={start}
        onPointerMove={(event) => drag && setDrag({ from: drag.from, to: shareAt(event) })}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
      />
      <i class="trace-minimap-shade" style={{ left: 0, width: `${left}%` }} />
      <i class="trace-minimap-shade" style={{ left: `${right}%`, right: 0 }} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, { tree, services, critical, failing }: ShownTrace): void {
  const context = canvas.getContext('2d');
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  if (context === null || width === 0) return;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  context.scale(ratio, ratio);
  const colour = colourValues(services);
  const tokens = getComputedStyle(document.documentElement);
  const step = (HEIGHT - 4) / Math.max(1, tree.nodes.length);
  const thickness = Math.min(4, Math.max(1, step * 0.8));
  const scale = width / Math.max(1, tree.endUs - tree.startUs);
  for (const node of tree.nodes) {
    const { span, index } = node;
    const role = failureRole(node, failing);
    context.globalAlpha = role !== undefined || critical.has(node) ? 1 : 0.55;
    context.fillStyle = role ? tokens.getPropertyValue(TOKENS[role]) : colour(span.process.service);
    const x = (span.startUs - tree.startUs) * scale;
    context.fillRect(
      x,
      2 + index * step,
      Math.max(1, (endUs(span) - span.startUs) * scale),
      thickness,
    );
  }
}
