import { useEffect, useRef } from 'preact/hooks';
import { isLive, onPulses, shownFrame } from '../core/live.ts';
import type { Pulse } from '../core/wire.ts';
import type { Layout } from './layout.ts';
import { type Drawn, Particles } from './particles.ts';
import { trackOf, type Track } from './path.ts';
import { pulsesOf, sample } from './traffic.ts';

/** Pulses come ten times a second. */
const PULSE_MS = 100;
/** After the page was hidden, what happened meanwhile is not played. */
const STEP_MAX_MS = 100;

/** Calls that move along the edges, drawn over them. */
export function TrafficLayer({ layout, scale }: { layout: Layout; scale: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, height] = [layout.width * scale, layout.height * scale];
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context) return undefined;
    return runTraffic(canvas.current, context, { layout, scale });
  }, [layout, scale]);
  return (
    <canvas
      class="map-traffic"
      ref={canvas}
      style={{ width: `${width}px`, height: `${height}px` }}
      aria-hidden="true"
    />
  );
}

type Place = { layout: Layout; scale: number };

function runTraffic(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  { layout, scale }: Place,
): () => void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(layout.width * scale * ratio);
  canvas.height = Math.round(layout.height * scale * ratio);
  const tracks = new Map(
    layout.edges.map(({ from, to, points }) => [`${from} ${to}`, trackOf(points)]),
  );
  const track = (key: string): Track | undefined => tracks.get(key);
  // Stores are asked so often that they would outshine everything else.
  const quiet = new Set(
    layout.edges.flatMap(({ from, to, kind }) => (kind === 'tcp' ? [`${from} ${to}`] : [])),
  );
  const particles = new Particles(Math.random);
  const reduced = matchMedia('(prefers-reduced-motion: reduce)');
  const add = (pulses: readonly Pulse[]) => {
    if (document.hidden || reduced.matches) return;
    for (const pulse of pulses) {
      const drawn = sample(pulse, PULSE_MS, Math.random);
      particles.add(`${pulse.from} ${pulse.to}`, { ...drawn, overMs: PULSE_MS });
    }
  };
  const stopListening = onPulses((pulses) => {
    if (isLive.value) add(pulses);
  });
  // Of an earlier moment only rates are kept: traffic is drawn at these.
  const replay = setInterval(() => {
    if (!isLive.value && shownFrame.value) add(pulsesOf(shownFrame.value, PULSE_MS, Math.random));
  }, PULSE_MS);
  let lastMs = performance.now();
  let next = requestAnimationFrame(function draw(nowMs) {
    particles.step(Math.min(STEP_MAX_MS, Math.max(0, nowMs - lastMs)), track);
    lastMs = nowMs;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, 0, 0);
    paint(context, particles.drawn(track), quiet);
    next = requestAnimationFrame(draw);
  });
  return () => {
    cancelAnimationFrame(next);
    clearInterval(replay);
    stopListening();
  };
}

/** Dots for calls; a failure on its way back is larger, and a diamond. */
function paint(
  context: CanvasRenderingContext2D,
  drawn: Iterable<Drawn>,
  quiet: ReadonlySet<string>,
): void {
  const style = getComputedStyle(context.canvas);
  const good = new Path2D();
  const faint = new Path2D();
  const bad = new Path2D();
  for (const { x, y, isFailure, key } of drawn) {
    if (isFailure) {
      bad.moveTo(x, y - 5);
      bad.lineTo(x + 5, y);
      bad.lineTo(x, y + 5);
      bad.lineTo(x - 5, y);
      bad.closePath();
    } else {
      const [path, radius] = quiet.has(key) ? ([faint, 1.5] as const) : ([good, 2.3] as const);
      path.moveTo(x + radius, y);
      path.arc(x, y, radius, 0, Math.PI * 2);
    }
  }
  const [call, failure] = ['--particle', '--origin'].map((name) => style.getPropertyValue(name));
  shade(context, good, { colour: call });
  shade(context, faint, { colour: call, alpha: 0.45 });
  shade(context, bad, { colour: failure });
}

function shade(
  context: CanvasRenderingContext2D,
  area: Path2D,
  { colour = '', alpha = 1 }: { colour: string | undefined; alpha?: number },
): void {
  Object.assign(context, { fillStyle: colour, globalAlpha: alpha });
  context.fill(area);
  context.globalAlpha = 1;
}
