import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { frames, shownFrame, shownIncidents } from '../core/live.ts';
import { partsOf } from '../core/story.ts';
import type { Frame } from '../core/wire.ts';
import { layOut, type Layout, type PlacedNode } from './layout.ts';
import { Legend } from './legend.tsx';
import { isTouched, MapEdgeLabels, MapEdgeLines, seeEdges } from './map-edges.tsx';
import { MapNodeShape, tagBox } from './map-node.tsx';
import { select, selection, type Selection } from './selection.ts';
import { people, StructureKeeper, withPeople } from './structure.ts';
import { TrafficLayer } from './traffic-layer.tsx';

/** Larger than this nothing becomes easier to read. */
const SCALE_MAX = 1.5;
/** Smaller than this only names and what is wrong can be read, so only these are written. */
const FAR = 0.75;

/** The system as a map: who calls whom, how much, and what fails. */
export function SystemMap() {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const frame = shownFrame.value;
  const keeper = useMemo(() => new StructureKeeper(), [frames.value[0]?.atMs === undefined]);
  const structure = frame && keeper.add(frame);
  const aspect = Math.round((size.width / Math.max(1, size.height)) * 10) / 10;
  const layout = useMemo(
    () => (structure ? layOut(withPeople(structure), aspect) : undefined),
    [structure, aspect],
  );
  return (
    <section class="map" aria-label="Map of the system">
      <div class="map-box" ref={box}>
        {frame && layout && layout.nodes.length > 0 ? (
          <Drawing frame={frame} layout={layout} scale={scaleOf(layout, size)} />
        ) : (
          <p class="empty">Nothing was seen yet. The map is drawn from the first requests on.</p>
        )}
      </div>
      <Legend />
    </section>
  );
}

type Size = { width: number; height: number };

function scaleOf(layout: Layout, { width, height }: Size): number {
  return Math.min(SCALE_MAX, width / layout.width, height / layout.height);
}

function Drawing({ frame, layout, scale }: { frame: Frame; layout: Layout; scale: number }) {
  const parts = partsOf(frame, shownIncidents.value);
  const selected = selection();
  const seen = seeEdges(layout, frame, parts);
  const nodes = new Map(frame.nodes.map((node) => [node.name, node]));
  const lit = new Set(
    seen.flatMap((one) => (isTouched(one, selected) ? [one.placed.from, one.placed.to] : [])),
  );
  const box = { width: layout.width * scale, height: layout.height * scale };
  const style = { width: `${box.width}px`, height: `${box.height}px` };
  const viewBox = `0 0 ${layout.width} ${layout.height}`;
  const isFar = scale < FAR;
  const stateOf = (name: string) =>
    parts.states.get(name) ?? (name === people.name ? 'healthy' : 'unknown');
  const tags = layout.nodes.flatMap((placed) => {
    return tagBox(placed, { state: stateOf(placed.name), isFar });
  });
  return (
    <div
      class={isFar ? 'map-drawing far' : 'map-drawing'}
      style={style}
      onKeyDown={(event) => moveFocus(event, layout)}
    >
      <svg class="map-edges" {...box} viewBox={viewBox} aria-hidden="true">
        <MapEdgeLines seen={seen} selected={selected} />
      </svg>
      <TrafficLayer layout={layout} scale={scale} />
      <svg class="map-nodes" {...box} viewBox={viewBox} role="group" aria-label="Nodes">
        {layout.nodes.map((placed) => (
          <MapNodeShape
            key={placed.name}
            placed={placed}
            node={nodes.get(placed.name)}
            state={stateOf(placed.name)}
            symptom={parts.symptoms.get(placed.name)}
            isSelected={isChosen(placed.name, selected)}
            isDimmed={selected !== undefined && !lit.has(placed.name)}
            isFar={isFar}
            onSelect={() => toggle(placed.name)}
          />
        ))}
        <g aria-hidden="true">
          <MapEdgeLabels {...{ seen, layout, tags, selected, isFar }} />
        </g>
      </svg>
    </div>
  );
}

function isChosen(name: string, selected: Selection | undefined): boolean {
  return selected !== undefined && 'node' in selected && selected.node === name;
}

function toggle(name: string): void {
  select(name === people.name || isChosen(name, selection()) ? undefined : { node: name });
}

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** Arrow keys go to the nearest node that way; Escape lets go of what is selected. */
function moveFocus(event: KeyboardEvent, layout: Layout): void {
  if (event.key === 'Escape') return select(undefined);
  const direction = directions[event.key];
  const name = document.activeElement?.getAttribute('data-node');
  const from = layout.nodes.find((node) => node.name === name);
  if (!direction || !from) return;
  event.preventDefault();
  const next = nearest(layout.nodes, from, direction);
  const element = [...document.querySelectorAll<SVGElement>('[data-node]')].find(
    (node) => node.dataset['node'] === next?.name,
  );
  element?.focus();
}

function nearest(
  nodes: readonly PlacedNode[],
  from: PlacedNode,
  [dx, dy]: readonly [number, number],
): PlacedNode | undefined {
  const distance = ({ x, y }: PlacedNode) => {
    const along = (x - from.x) * dx + (y - from.y) * dy;
    const aside = Math.abs((x - from.x) * dy) + Math.abs((y - from.y) * dx);
    return along <= 1 ? Infinity : along + aside * 2;
  };
  const best = nodes.toSorted((a, b) => distance(a) - distance(b))[0];
  return best && distance(best) < Infinity ? best : undefined;
}

function useSize(box: { current: HTMLDivElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 800, height: 500 });
  useEffect(() => {
    const { current } = box;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => {
      setSize({ width: current.clientWidth, height: current.clientHeight });
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return size;
}
