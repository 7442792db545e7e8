import { rankNodes } from './ranks.ts';
import { people, type Structure, type StructureEdge, type StructureNode } from './structure.ts';

/** Where things are, in pixels at a scale of one; `x` and `y` are middles. */
export type Layout = {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
};
export type PlacedNode = StructureNode & {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly rank: number;
};
export type Point = { readonly x: number; readonly y: number };
/** `points` are where the edge passes, its ends included. */
export type PlacedEdge = StructureEdge & { readonly points: readonly Point[] };

type Size = { readonly width: number; readonly height: number };
/** How much room things take. */
type Measures = {
  readonly sizes: Readonly<Record<StructureNode['kind'] | 'people', Size>>;
  readonly rowGap: number;
  readonly gap: number;
  readonly laneGap: number;
  /** The room that a passing edge takes between nodes. */
  readonly lane: number;
};

const roomy: Measures = {
  sizes: {
    service: { width: 150, height: 58 },
    store: { width: 132, height: 54 },
    provider: { width: 156, height: 50 },
    queue: { width: 122, height: 34 },
    people: { width: 96, height: 30 },
  },
  rowGap: 38,
  gap: 26,
  laneGap: 12,
  lane: 14,
};
/** Of a large system everything is smaller, so that it need not be drawn smaller still. */
const dense: Measures = {
  sizes: {
    service: { width: 138, height: 44 },
    store: { width: 120, height: 44 },
    provider: { width: 146, height: 44 },
    queue: { width: 116, height: 28 },
    people: { width: 80, height: 26 },
  },
  rowGap: 30,
  gap: 18,
  laneGap: 6,
  lane: 7,
};
const DENSE_FROM = 25;
const MARGIN = 22;
const SWEEPS = 12;
/** Longer rows are broken. */
const ROW_MAX = 9;

type Item = {
  readonly key: string;
  readonly node?: StructureNode;
  readonly width: number;
  readonly above: Item[];
  readonly below: Item[];
  x: number;
};
type Chain = { readonly edge: StructureEdge; readonly items: readonly Item[] };

/**
 * Lays a system out in rows, callers above callees. The same structure is always laid out the same.
 * `aspect` is that of the place there is: a wide one spreads the rows.
 */
export function layOut(structure: Structure, aspect: number): Layout {
  const measures = structure.nodes.length < DENSE_FROM ? roomy : dense;
  const rows = makeRows(structure);
  const { items, chains } = makeItems(structure, rows, measures);
  order(items, measures);
  place(items, measures);
  return measure(structure, { items, chains, aspect, measures });
}

function sizeOf({ name, kind }: StructureNode, { sizes }: Measures): Size {
  return name === people.name ? sizes.people : sizes[kind];
}

/** Nodes by row, without empty rows; a row that is too long goes on in the next. */
function makeRows(structure: Structure): StructureNode[][] {
  const ranks = rankNodes(structure);
  const inRows = structure.nodes.filter(({ name }) => name !== people.name);
  const byRank = Map.groupBy(inRows, ({ name }) => ranks.get(name) ?? 0);
  return [...byRank]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, nodes]) => {
      const parts = Math.ceil(nodes.length / ROW_MAX);
      const size = Math.ceil(nodes.length / parts);
      return Array.from({ length: parts }, (_, at) => nodes.slice(at * size, (at + 1) * size));
    });
}

/** Nodes, and for each call that passes rows a lane in each of them. */
function makeItems(
  { edges }: Structure,
  rows: readonly (readonly StructureNode[])[],
  measures: Measures,
): { items: Item[][]; chains: Chain[] } {
  const rowOf = new Map(rows.flatMap((row, at) => row.map(({ name }) => [name, at] as const)));
  const items = rows.map((row) =>
    row.map((node) => newItem(node.name, sizeOf(node, measures).width, node)),
  );
  const find = (name: string) => items[rowOf.get(name) ?? -1]?.find(({ key }) => key === name);
  const chains: Chain[] = [];
  for (const edge of edges) {
    const [from, to] = [find(edge.from), find(edge.to)];
    const [start = 0, end = 0] = [rowOf.get(edge.from), rowOf.get(edge.to)];
    if (!from || !to) continue;
    const between = edge.kind === 'http' && end > start ? range(start + 1, end) : [];
    const lanes = between.map((row) => {
      const lane = newItem(`${edge.from} ${edge.to} ${row}`, measures.lane);
      items[row]?.push(lane);
      return lane;
    });
    const chain = [from, ...lanes, to];
    chains.push({ edge, items: chain });
    for (const [at, item] of chain.entries()) connect(item, chain[at + 1], end - start);
  }
  return { items, chains };
}

function newItem(key: string, width: number, node?: StructureNode): Item {
  return { key, width, above: [], below: [], x: 0, ...(node && { node }) };
}

/** What leads upwards pulls together as what leads downwards does. */
function connect(from: Item, to: Item | undefined, rowsDown: number): void {
  if (!to || rowsDown === 0) return;
  const [upper, lower] = rowsDown > 0 ? [from, to] : [to, from];
  upper.below.push(lower);
  lower.above.push(upper);
}

/** Crossings are lessened by bringing everything to the middle of what it is connected to. */
function order(rows: Item[][], measures: Measures): void {
  for (const row of rows) spread(row, measures);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : rows.toReversed()) {
      const wanted = new Map(row.map((item) => [item, middleOf(item, isDown)]));
      row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || (a.key < b.key ? -1 : 1));
      spread(row, measures);
    }
  }
}

/** Side by side around zero, in their order. */
function spread(row: readonly Item[], measures: Measures): void {
  let right = 0;
  for (const [at, item] of row.entries()) {
    const before = row[at - 1];
    item.x = right + (before ? gapBetween(before, item, measures) : 0) + item.width / 2;
    right = item.x + item.width / 2;
  }
  for (const item of row) item.x -= right / 2;
}

function middleOf({ above, below, x }: Item, isDown: boolean): number {
  const others = isDown ? above : below;
  if (others.length === 0) return x;
  return others.reduce((sum, other) => sum + other.x, 0) / others.length;
}

/** Moves everything towards what it is connected to, as far as its neighbours in the row let it. */
function place(rows: Item[][], measures: Measures): void {
  for (let round = 0; round < SWEEPS * 2; round++) {
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      for (const item of row) pull(item);
      separate(row, measures);
    }
  }
}

/** Lanes give way more than nodes do. */
function pull(item: Item): void {
  const others = [...item.above, ...item.below];
  if (others.length === 0) return;
  item.x += (meanX(others) - item.x) * (item.node ? 0.5 : 0.9);
}

/** Pushes apart what overlaps, and brings the row's middle back to where it was. */
function separate(row: readonly Item[], measures: Measures): void {
  const middle = meanX(row);
  for (const [at, item] of row.entries()) {
    const before = row[at - 1];
    if (!before) continue;
    const least = before.x + (before.width + item.width) / 2 + gapBetween(before, item, measures);
    if (item.x < least) item.x = least;
  }
  const shift = meanX(row) - middle;
  for (const item of row) item.x -= shift;
}

function gapBetween(a: Item, b: Item, { gap, laneGap }: Measures): number {
  return a.node && b.node ? gap : laneGap;
}

function meanX(row: readonly Item[]): number {
  return row.reduce((sum, { x }) => sum + x, 0) / Math.max(1, row.length);
}

function measure(
  structure: Structure,
  {
    items,
    chains,
    aspect,
    measures,
  }: { items: Item[][]; chains: readonly Chain[]; aspect: number; measures: Measures },
): Layout {
  const all = items.flat();
  const left = Math.min(0, ...all.map(({ x, width }) => x - width / 2));
  const right = Math.max(0, ...all.map(({ x, width }) => x + width / 2));
  const tops = rowTops(items, measures);
  const height = (tops.at(-1)?.bottom ?? 0) + MARGIN;
  const narrow = right - left + 2 * MARGIN;
  // Places that are wider than the system get wider gaps, not larger boxes alone.
  const stretch = Math.min(
    1.7,
    Math.max(1, (height * aspect - 2 * MARGIN) / (narrow - 2 * MARGIN)),
  );
  const middles = new Map<Item, Point>();
  for (const [row, line] of items.entries()) {
    const { middle = 0 } = tops[row] ?? {};
    for (const item of line) {
      middles.set(item, { x: MARGIN + (item.x - left) * stretch, y: middle });
    }
  }
  const nodes = all.flatMap((item): PlacedNode[] => {
    const at = middles.get(item);
    if (!item.node || !at) return [];
    const rank = items.findIndex((row) => row.includes(item));
    return [{ ...item.node, ...at, ...sizeOf(item.node, measures), rank }];
  });
  const visited = structure.edges.find(({ from }) => from === people.name)?.to;
  const door = nodes.find(({ name }) => name === visited);
  if (door) nodes.push(besides(door, measures));
  const placed = new Map(nodes.map((node) => [node.name, node]));
  const visits = door ? [{ from: people.name, to: door.name, kind: 'http' as const }] : [];
  const calls = chains.map(({ edge, items: passed }): PlacedEdge => {
    const lanes = passed.slice(1, -1).flatMap((item) => middles.get(item) ?? []);
    const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
    return { ...edge, points: from && to ? joinEnds(from, lanes, to) : [] };
  });
  const visit = visits.map((one): PlacedEdge => {
    const [from, to] = [placed.get(one.from), placed.get(one.to)];
    return { ...one, points: from && to ? joinEnds(from, [], to) : [] };
  });
  const width = MARGIN * 2 + (right - left) * stretch;
  return { width, height, nodes, edges: [...visit, ...dock(calls, placed, structure)] };
}

/** People stand beside the service that they come to. */
function besides({ x, y, width, rank }: PlacedNode, { sizes, gap }: Measures): PlacedNode {
  const size = sizes.people;
  const away = width / 2 + 2 * gap + size.width / 2;
  const isLeft = x - away - size.width / 2 > MARGIN;
  return { ...people, ...size, x: isLeft ? x - away : x + away, y, rank };
}

function rowTops(items: readonly (readonly Item[])[], measures: Measures) {
  let y = MARGIN;
  return items.map((row) => {
    const heights = row.flatMap(({ node }) => (node ? [sizeOf(node, measures).height] : []));
    const tall = Math.max(0, ...heights);
    const top = { middle: y + tall / 2, bottom: y + tall };
    y += tall + measures.rowGap;
    return top;
  });
}

function joinEnds(from: PlacedNode, lanes: readonly Point[], to: PlacedNode): Point[] {
  const isDown = to.y > from.y;
  const start = { x: from.x, y: from.y + (isDown ? from.height : -from.height) / 2 };
  const end = { x: to.x, y: to.y + (isDown ? -to.height : to.height) / 2 };
  if (Math.abs(to.y - from.y) > 1) return [start, ...lanes, end];
  // Neighbours in one row: from side to side.
  const side = to.x > from.x ? 1 : -1;
  return [
    { x: from.x + (side * from.width) / 2, y: from.y },
    { x: to.x - (side * to.width) / 2, y: to.y },
  ];
}

/** Spreads the ends of edges along the sides of nodes, in the order in which they come. */
function dock(
  edges: readonly PlacedEdge[],
  nodes: ReadonlyMap<string, PlacedNode>,
  { edges: inOrder }: Structure,
): PlacedEdge[] {
  const docked = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, [...edge.points]]));
  for (const node of nodes.values()) {
    for (const side of [-1, 1] as const) {
      const ends = edges.flatMap((edge) => {
        const points = docked.get(`${edge.from} ${edge.to}`) ?? [];
        return endsAt(points, node, side);
      });
      const room = node.width - 40;
      const step = Math.min(18, room / Math.max(1, ends.length - 1));
      const sorted = ends.toSorted((a, b) => a.towards - b.towards);
      for (const [at, { points, index }] of sorted.entries()) {
        const y = points[index]?.y ?? 0;
        points[index] = { x: node.x + (at - (sorted.length - 1) / 2) * step, y };
      }
    }
  }
  return inOrder.flatMap(({ from, to, kind }) => {
    if (from === people.name) return [];
    const points = docked.get(`${from} ${to}`);
    return points && points.length > 1 ? [{ from, to, kind, points }] : [];
  });
}

/** The ends of an edge at the upper (-1) or lower (1) side of a node. */
function endsAt(points: Point[], node: PlacedNode, side: -1 | 1) {
  const y = node.y + (side * node.height) / 2;
  return [0, points.length - 1].flatMap((index) => {
    const point = points[index];
    const isHere = point && point.x === node.x && Math.abs(point.y - y) < 0.5;
    const next = points[index === 0 ? 1 : points.length - 2];
    return isHere && next ? [{ points, index, towards: next.x }] : [];
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}
