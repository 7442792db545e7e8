import { formatRate, formatShare } from '../core/format.ts';
import type { MapNode, NodeState } from '../core/wire.ts';
import { stateShapes, stateWords } from '../ui/state-badge.tsx';
import type { Box } from './labels.ts';
import type { PlacedNode } from './layout.ts';
import { splitWords } from './split-words.ts';
import { people } from './structure.ts';

export type NodeProps = {
  placed: PlacedNode;
  /** Absent for those who come to the edge. */
  node: MapNode | undefined;
  state: NodeState;
  /** What is wrong with it, in a word. */
  symptom: string | undefined;
  isSelected: boolean;
  isDimmed: boolean;
  /** Drawn so small that details cannot be read. */
  isFar: boolean;
  onSelect(): void;
};

const NAME_MAX = 18;
const DOTS_MAX = 4;

/** A node of the map: its shape tells what it is, its border and tag what it has to do with a failure. */
export function MapNodeShape(props: NodeProps) {
  const { placed, node, state, isSelected, isDimmed, isFar, onSelect } = props;
  const { x, y, width, height, name, kind } = placed;
  // Whoever looks at one thing more closely still sees what is broken.
  const fades = isDimmed && isWell(state);
  const classes = ['map-node', kind, state, isSelected && 'selected', fades && 'dimmed'];
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onSelect();
  };
  return (
    <g
      class={classes.filter(Boolean).join(' ')}
      transform={`translate(${Math.round(x - width / 2)} ${Math.round(y - height / 2)})`}
      role="button"
      tabindex={0}
      aria-pressed={isSelected}
      data-node={name}
      onClick={onSelect}
      onKeyDown={onKey}
    >
      <title>{describeNode(props)}</title>
      <Outline {...placed} />
      {isFar ? <FarTexts {...props} /> : <Texts {...props} />}
      {!isFar && node && kind === 'service' && <Replicas node={node} width={width} />}
      {!isFar && node?.busy !== undefined && <Busy busy={node.busy} {...placed} />}
      {node && node.versions.length > 1 && <Split node={node} {...placed} />}
      {!isWell(state) && <Tag state={state} isFar={isFar} />}
    </g>
  );
}

/** What a reader of screens hears. */
function describeNode({ placed: { name, kind }, node, state, symptom }: NodeProps) {
  if (!node) return 'people, who come to the edge';
  return [
    `${name}, ${kind}`,
    stateWords[state].toLowerCase(),
    ...(symptom === undefined ? [] : [symptom]),
    ...(kind === 'queue' ? [`${node.waiting ?? 0} waiting`] : []),
    ...(kind === 'queue' ? [] : [formatRate(node.requestsPerSecond)]),
    ...(node.errorShare > 0 ? [`${formatShare(node.errorShare)} failed`] : []),
    ...(kind === 'service' ? [`${node.ready} of ${node.instances} instances ready`] : []),
  ].join(', ');
}

function Outline({ kind, name, width, height }: PlacedNode) {
  if (name === people.name)
    return <rect class="shape" width={width} height={height} rx={height / 2} />;
  if (kind === 'store') {
    const [cap, right, low] = [8, width, height - 8];
    const side = `M0 ${cap}V${low}a${width / 2} ${cap} 0 0 0 ${right} 0V${cap}`;
    return (
      <>
        <path class="shape" d={`${side}a${width / 2} ${cap} 0 0 0 ${-right} 0z`} />
        <path class="line" d={`M0 ${cap}a${width / 2} ${cap} 0 0 0 ${right} 0`} />
      </>
    );
  }
  const radius = kind === 'queue' ? height / 2 : kind === 'provider' ? 2 : 9;
  return <rect class="shape" width={width} height={height} rx={radius} />;
}

function Texts({ placed, node, state, symptom }: NodeProps) {
  const { name, kind, width, height } = placed;
  const isOneLine = kind === 'queue' || node === undefined;
  const left = kind === 'service' || kind === 'provider';
  const x = left ? 14 : width / 2;
  const anchor = left ? 'start' : 'middle';
  const middle = kind === 'store' ? height / 2 + 5 : height / 2;
  return (
    <>
      <text class="name" x={x} y={isOneLine ? height / 2 + 4 : middle - 3} text-anchor={anchor}>
        {shortened(name)}
      </text>
      {!isOneLine && (
        <text class="facts" x={x} y={middle + 14} text-anchor={anchor}>
          {factsOf(node, { state, symptom })}
        </text>
      )}
      {kind === 'queue' && (node?.waiting ?? 0) > 0 && (
        <text class="facts" x={width / 2} y={height + 13} text-anchor="middle">
          {`${node?.waiting} waiting`}
        </text>
      )}
    </>
  );
}

const FAR_FONT = 17;
/** Of a letter's height. */
const LETTER_WIDTH = 0.6;

/** The name as large as there is room for, and how much fails. */
function FarTexts({ placed, node, symptom }: NodeProps) {
  const { name, width, height, kind } = placed;
  const fits = (width - 12) / (Math.min(name.length, NAME_MAX) * LETTER_WIDTH);
  const fails = node && wrongWith(node, symptom);
  const middle = kind === 'store' ? height / 2 + 4 : height / 2;
  return (
    <g text-anchor="middle">
      <text
        class="name"
        x={width / 2}
        y={middle + (fails ? -1 : 6)}
        style={{ fontSize: `${Math.min(FAR_FONT, fits)}px` }}
      >
        {shortened(name)}
      </text>
      {fails && (
        <text class="facts" x={width / 2} y={middle + 15}>
          <tspan class="bad">{fails}</tspan>
        </text>
      )}
    </g>
  );
}

function shortened(name: string): string {
  return name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;
}

/** How much fails, or else in a word what is wrong; undefined when nothing is. */
function wrongWith(node: MapNode, symptom: string | undefined): string | undefined {
  return isFailing(node) ? `${formatShare(node.errorShare)} failed` : symptom;
}

function isFailing({ kind, errorShare }: MapNode): boolean {
  return errorShare >= (kind === 'store' ? 0.05 : 0.005);
}

function factsOf(node: MapNode, { state, symptom }: Pick<NodeProps, 'state' | 'symptom'>) {
  if (node.versions.length > 1) return splitWords(node.versions);
  if (node.requestsPerSecond === 0) return state === 'healthy' ? 'quiet' : 'no traffic';
  const wrong = wrongWith(node, symptom);
  // There is room for one of them, beside how busy it is.
  if (wrong !== undefined) return <tspan class="bad">{wrong}</tspan>;
  return formatRate(node.requestsPerSecond);
}

/** A dot for each instance: filled when it is ready. */
function Replicas({ node, width }: { node: MapNode; width: number }) {
  const { ready, instances } = node;
  if (instances > DOTS_MAX) {
    return (
      <text class="facts" x={width - 12} y={20} text-anchor="end">{`${ready}/${instances}`}</text>
    );
  }
  return (
    <g class="replicas">
      {Array.from({ length: instances }, (_, at) => (
        <circle
          key={at}
          class={at < ready ? 'ready' : ''}
          cx={width - 14 - at * 9}
          cy={11}
          r={2.8}
        />
      ))}
    </g>
  );
}

/** How busy the busiest instance is. */
function Busy({ busy, width, height }: { busy: number; width: number; height: number }) {
  const room = height - 30;
  const filled = Math.max(1, room * busy);
  return (
    <g class={`busy ${busy > 0.8 ? 'full' : ''}`}>
      <rect x={width - 16} y={22} width={4} height={room} rx={2} />
      <rect class="level" x={width - 16} y={22 + room - filled} width={4} height={filled} rx={2} />
    </g>
  );
}

/** Which version gets how much: the newest is marked. */
function Split({ node, width, height }: { node: MapNode; width: number; height: number }) {
  let x = 10;
  const room = width - 20;
  return (
    <g class="split">
      {node.versions.map(({ version, share }, at) => {
        const part = Math.max(3, room * share);
        const bar = (
          <rect
            key={version}
            class={`v${at}`}
            x={x}
            y={height - 7}
            width={part}
            height={4}
            rx={2}
          />
        );
        x += part + 1;
        return bar;
      })}
    </g>
  );
}

const TAG_HEIGHT = 20;
const TAG_FAR = { x: 4, y: -22, scale: 1.3 } as const;
const TAG_NEAR = { x: 10, y: -11, scale: 1 } as const;

function Tag({ state, isFar }: { state: NodeState; isFar: boolean }) {
  const word = stateWords[state];
  const { x, y, scale } = isFar ? TAG_FAR : TAG_NEAR;
  return (
    <g class="tag" transform={`translate(${x} ${y}) scale(${scale})`}>
      <rect width={tagWidth(state)} height={TAG_HEIGHT} rx={10} />
      <path d={stateShapes[state]} transform="translate(8 4)" />
      <text x={24} y={14}>
        {word}
      </text>
    </g>
  );
}

function tagWidth(state: NodeState): number {
  return stateWords[state].length * 6.8 + 30;
}

/** Where the tag of a node is, if it has one; by its middle. */
export function tagBox(
  placed: PlacedNode,
  { state, isFar }: Pick<NodeProps, 'state' | 'isFar'>,
): Box[] {
  if (isWell(state)) return [];
  const { x, y, scale } = isFar ? TAG_FAR : TAG_NEAR;
  const [width, height] = [tagWidth(state) * scale, TAG_HEIGHT * scale];
  const left = placed.x - placed.width / 2 + x;
  const top = placed.y - placed.height / 2 + y;
  return [{ x: left + width / 2, y: top + height / 2, width, height }];
}

function isWell(state: NodeState): boolean {
  return state === 'healthy' || state === 'unknown';
}
