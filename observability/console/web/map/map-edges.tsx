import type { Parts } from '../core/story.ts';
import type { Frame, MapEdge } from '../core/wire.ts';
import { describeEdge, lookOf, type EdgeLook } from './edge-look.ts';
import { type Box, placeLabels } from './labels.ts';
import type { Layout, PlacedEdge } from './layout.ts';
import { curveOf, pointOn, trackOf } from './path.ts';
import { select, type Selection } from './selection.ts';
import { people } from './structure.ts';

type Seen = { placed: PlacedEdge; edge: MapEdge | undefined; look: EdgeLook; key: string };

/** Every edge with what can be said of it in this frame. */
export function seeEdges(layout: Layout, frame: Frame, { brokenEdges }: Parts): Seen[] {
  const edges = new Map(frame.edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return layout.edges.map((placed) => {
    const key = `${placed.from} ${placed.to}`;
    const edge = edges.get(key) ?? visitsOf(placed, frame);
    return { placed, edge, key, look: lookOf(edge, { isBroken: brokenEdges.has(key) }) };
  });
}

/** Nobody counts the calls of people but the service that they come to. */
function visitsOf({ from, to, kind }: PlacedEdge, frame: Frame): MapEdge {
  const node = from === people.name ? frame.nodes.find(({ name }) => name === to) : undefined;
  return {
    from,
    to,
    kind,
    requestsPerSecond: node?.requestsPerSecond ?? 0,
    errorShare: node?.errorShare ?? 0,
    retriesPerSecond: 0,
    openBreakers: 0,
  };
}

export function isTouched({ placed }: Seen, selected: Selection | undefined): boolean {
  if (!selected) return false;
  const { from, to } = placed;
  if ('node' in selected) return from === selected.node || to === selected.node;
  return from === selected.from && to === selected.to;
}

export function MapEdgeLines({
  seen,
  selected,
}: {
  seen: Seen[];
  selected: Selection | undefined;
}) {
  return (
    <>
      {seen.map((one) => (
        <EdgeLine key={one.key} seen={one} selected={selected} />
      ))}
    </>
  );
}

function EdgeLine({ seen, selected }: { seen: Seen; selected: Selection | undefined }) {
  const { placed, edge, look } = seen;
  const curve = curveOf(placed.points);
  const isLit = isTouched(seen, selected);
  const isWell = look.state === 'carrying' || look.state === 'idle';
  const classes = [
    'map-edge',
    placed.kind,
    look.state,
    isLit && 'lit',
    selected && !isLit && isWell && 'dimmed',
  ];
  const { amplification } = look;
  return (
    <g
      class={classes.filter(Boolean).join(' ')}
      data-edge={`${placed.from}→${placed.to}`}
      onClick={() => select({ from: placed.from, to: placed.to })}
    >
      <title>{edge ? describeEdge(edge) : `${placed.from} to ${placed.to}`}</title>
      <path class="reach" d={curve} />
      {amplification !== undefined && (
        <path
          class="amplified"
          d={curve}
          stroke-width={look.width * 2 * Math.min(5, amplification)}
        />
      )}
      <path class="line" d={curve} stroke-width={look.width} />
      {(edge?.openBreakers ?? 0) > 0 && <Breaker placed={placed} />}
      {edge?.mtls === false && placed.kind === 'http' && <Plain placed={placed} />}
    </g>
  );
}

/** A switch that is open, just before the callee. */
function Breaker({ placed }: { placed: PlacedEdge }) {
  const { x, y } = pointOn(trackOf(placed.points), 0.86);
  return (
    <g class="breaker" transform={`translate(${x} ${y})`}>
      <circle r="9" />
      <path d="M-5 3 4-4M-5 3h-2M4 3h3" />
    </g>
  );
}

/** A lock that is open: these calls prove nobody's identity. */
function Plain({ placed }: { placed: PlacedEdge }) {
  const { x, y } = pointOn(trackOf(placed.points), 0.12);
  return (
    <g class="plain" transform={`translate(${x - 5} ${y - 6})`}>
      <path d="M1 6h8v6H1zM3 6V3.500a2 2 0 0 1 4-.5" />
    </g>
  );
}

const LINE_HEIGHT = 15;

/** What is written on edges, above everything else; from far only where the failure began. */
export function MapEdgeLabels({ seen, layout, tags, selected, isFar }: LabelProps) {
  const shown = seen.flatMap((one) => {
    const isChosen = selected && 'from' in selected && isTouched(one, selected);
    if (isFar && !isChosen && one.look.state !== 'broken') return [];
    const lines =
      isChosen && one.edge ? [describeRate(one.edge), ...one.look.label] : one.look.label;
    if (lines.length === 0 || one.placed.from === people.name) return [];
    const width = Math.max(...lines.map(({ length }) => length)) * 6.6 + 16;
    const height = lines.length * LINE_HEIGHT + 6;
    return [{ key: one.key, lines, width, height, track: trackOf(one.placed.points), one }];
  });
  // What broke first has the first choice.
  const inOrder = shown.toSorted((a, b) => rankOf(a.one) - rankOf(b.one));
  const places = placeLabels(inOrder, { ...layout, tags });
  return (
    <>
      {shown.map(({ key, lines, width, height, one }) => {
        const { x = 0, y = 0 } = places.get(key) ?? {};
        return (
          <g key={key} class={`map-label ${one.look.state}`} transform={`translate(${x} ${y})`}>
            <rect x={-width / 2} y={-height / 2} width={width} height={height} rx={5} />
            {lines.map((line, at) => (
              <text key={line} y={-height / 2 + 14 + at * LINE_HEIGHT} text-anchor="middle">
                {line}
              </text>
            ))}
          </g>
        );
      })}
    </>
  );
}

function rankOf({ look: { state } }: Seen): number {
  return state === 'broken' ? 0 : 1;
}

type LabelProps = {
  seen: Seen[];
  layout: Layout;
  /** Where it is said what nodes have to do with a failure. */
  tags: readonly Box[];
  selected: Selection | undefined;
  isFar: boolean;
};

function describeRate({ requestsPerSecond, kind }: MapEdge): string {
  const what = kind === 'async' ? 'messages' : kind === 'tcp' ? 'commands' : 'requests';
  return `${Math.round(requestsPerSecond * 10) / 10} ${what} /s`;
}
