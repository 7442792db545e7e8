import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { place, setQuery } from '../core/url.ts';
import { colourClasses } from './colours.ts';
import { Minimap } from './minimap.tsx';
import { nodeOf, type ShownTrace, visibleNodes } from './model/shown-trace.ts';
import type { TreeNode } from './model/tree.ts';
import { readWindow, type Window, writeWindow } from './model/window.ts';
import { SpanDetails } from './span-details.tsx';
import { TimeAxis } from './time-axis.tsx';
import { keyMoves } from './timeline-keys.ts';
import { ROW_HEIGHT, rowId, TimelineRow } from './timeline-row.tsx';
import { useRows, useSettled } from './use-rows.ts';

type Props = { shown: ShownTrace };

/** Spans as bars over time, one a row; a tree that is walked by mouse or keyboard. */
export function Timeline({ shown }: Props) {
  const { tree } = shown;
  const durationUs = tree.endUs - tree.startUs;
  const [selected, select] = useSelected();
  const node = nodeOf(shown, selected);
  const part = readWindow(place.value.query.get('zoom'), durationUs);
  const zoom = (wanted: Window) => setQuery({ zoom: writeWindow(wanted, durationUs) });
  return (
    <div class={`trace-body ${node ? 'with-details' : ''}`}>
      <div class="trace-timeline">
        <Minimap shown={shown} window={part} onZoom={zoom} />
        <TimeAxis window={part} durationUs={durationUs} onWhole={() => setQuery({ zoom: '' })} />
        <Rows shown={shown} window={part} selected={node} onSelect={select} onZoom={zoom} />
        <Help />
      </div>
      {node && (
        <SpanDetails node={node} shown={shown} onClose={() => select('')} onSelect={select} />
      )}
    </div>
  );
}

type RowsProps = Props & {
  window: Window;
  selected: TreeNode | undefined;
  onSelect: (id: string) => void;
  onZoom: (window: Window) => void;
};

function Rows({ shown, window, selected, onSelect, onZoom }: RowsProps) {
  const { tree, services } = shown;
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => visibleNodes(tree, collapsed), [tree, collapsed]);
  const colour = useMemo(() => colourClasses(services), [services]);
  const { scroller, reveal, from, to } = useRows(rows.length, ROW_HEIGHT);
  const at = useMemo(() => (selected ? rows.indexOf(selected) : -1), [rows, selected]);
  useEffect(() => {
    if (selected && at < 0) setCollapsed(withoutParents(collapsed, selected));
    else reveal(at);
  }, [selected, at]);
  const toggle = (node: TreeNode) => {
    // What is folded away cannot stay selected.
    if (selected && isBelow(selected, node)) onSelect(node.span.id);
    setCollapsed(toggled(collapsed, node));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const inSight = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT);
    const move = keyMoves(event, { shown, rows, at, collapsed, page: Math.max(1, inSight - 1) });
    if (move === undefined) return;
    event.preventDefault();
    if (move.select !== undefined) onSelect(move.select?.span.id ?? '');
    if (move.toggle) toggle(move.toggle);
    if (move.zoom) onZoom(move.zoom);
  };
  return (
    <div
      class="trace-rows"
      ref={scroller}
      role="treegrid"
      tabIndex={0}
      aria-label="Spans"
      aria-rowcount={rows.length}
      aria-activedescendant={selected && at >= 0 ? rowId(selected) : undefined}
      onKeyDown={onKeyDown}
    >
      <div
        class="trace-rows-all"
        role="rowgroup"
        style={{ height: `${rows.length * ROW_HEIGHT}px` }}
      >
        {rows.slice(from, to).map((node, index) => (
          <TimelineRow
            key={node.index}
            node={node}
            row={from + index}
            window={window}
            shown={shown}
            colour={colour(node.span.process.service)}
            isSelected={node === selected}
            isCollapsed={collapsed.has(node.span.id)}
            onSelect={() => onSelect(node === selected ? '' : node.span.id)}
            onToggle={() => toggle(node)}
          />
        ))}
      </div>
    </div>
  );
}

/** The selected span: at once here, and in the address as soon as it stays. */
function useSelected(): [string, (id: string) => void] {
  const inAddress = place.value.query.get('span') ?? '';
  const [selected, select] = useState(inAddress);
  const written = useRef(inAddress);
  useSettled(selected, (span) => {
    written.current = span;
    setQuery({ span }, { replace: true });
  });
  useEffect(() => {
    // What was written from here may be behind what has been selected since.
    if (inAddress === written.current) return;
    written.current = inAddress;
    select(inAddress);
  }, [inAddress]);
  return [selected, select];
}

function toggled(collapsed: ReadonlySet<string>, { span, children }: TreeNode): Set<string> {
  const changed = new Set(collapsed);
  if (children.length > 0 && !changed.delete(span.id)) changed.add(span.id);
  return changed;
}

function isBelow(node: TreeNode, top: TreeNode): boolean {
  return node.index > top.index && node.index <= top.index + top.below;
}

function withoutParents(collapsed: ReadonlySet<string>, node: TreeNode): Set<string> {
  const open = new Set(collapsed);
  for (let at = node.parent; at !== undefined; at = at.parent) open.delete(at.span.id);
  return open;
}

function Help() {
  const keys = [
    ['↑ ↓', 'move'],
    ['← →', 'fold, unfold'],
    ['E', 'next failure'],
    ['P', 'next on the critical path'],
    ['Z', 'zoom to the span'],
    ['0', 'whole trace'],
    ['Esc', 'close details'],
  ];
  return (
    <p class="trace-help muted">
      <span class="trace-legend">
        <i class="trace-legend-critical" /> critical path
      </span>
      <span class="trace-legend">
        <i class="trace-legend-error" /> failed here
      </span>
      <span class="trace-legend">
        <i class="trace-legend-victim" /> failed with it
      </span>
      <span class="trace-legend">
        <i class="trace-legend-queue" /> waited in a queue
      </span>
      {keys.map(([key, what]) => (
        <span key={key}>
          <kbd>{key}</kbd> {what}
        </span>
      ))}
    </p>
  );
}
