import { formatDuration } from './model/duration.ts';
import { type FailureRole, failureRole } from './model/failing.ts';
import { describeSidecars } from './model/fold.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { endUs, titleOf } from './model/span.ts';
import type { TreeNode } from './model/tree.ts';
import { barIn, percentIn, type Window } from './model/window.ts';

export const ROW_HEIGHT = 26;
const INDENT = 11;
/** Deeper levels stand below each other. */
const DEPTH_MAX = 18;
/** Where a label has no room to the right of its bar any more, in percent. */
const LABEL_ROOM = 86;

const roleWords: Readonly<Record<NonNullable<FailureRole>, string>> = {
  origin: 'failed here',
  victim: 'failed',
  absorbed: 'absorbed',
};

type Props = {
  node: TreeNode;
  row: number;
  window: Window;
  shown: ShownTrace;
  colour: string;
  isSelected: boolean;
  isCollapsed: boolean;
  onSelect: () => void;
  onToggle: () => void;
};

/** Spans of one id may be in a trace twice. */
export function rowId({ index }: TreeNode): string {
  return `span-${index}`;
}

/** One span: what it is, and when it ran. */
export function TimelineRow(props: Props) {
  const { node, row, colour, isSelected, isCollapsed, onSelect } = props;
  const { children, depth } = node;
  const classes = ['trace-row', colour];
  if (isSelected) classes.push('selected');
  const role = failureRole(node, props.shown.failing);
  if (role !== undefined) classes.push(role);
  return (
    <div
      id={rowId(node)}
      class={classes.join(' ')}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={row + 1}
      aria-selected={isSelected}
      aria-expanded={children.length === 0 ? undefined : !isCollapsed}
      style={{ transform: `translateY(${row * ROW_HEIGHT}px)` }}
      onClick={onSelect}
    >
      <Name {...props} />
      <Lane {...props} />
    </div>
  );
}

function Name({ node, shown, isCollapsed, onToggle }: Props) {
  const { span, children, depth, below, cut, isAsync } = node;
  const toggle = (event: MouseEvent) => {
    event.stopPropagation();
    onToggle();
  };
  const role = failureRole(node, shown.failing);
  const sidecars = describeSidecars(shown.sidecars.get(span.id) ?? []);
  return (
    <div class="trace-name" role="gridcell">
      <span style={{ width: `${Math.min(depth, DEPTH_MAX) * INDENT}px` }} class="trace-indent" />
      {children.length > 0 ? (
        <span class={`trace-fold ${isCollapsed ? 'closed' : ''}`} onClick={toggle}>
          <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <path d="M2 3.5 5 6.5 8 3.5" />
          </svg>
        </span>
      ) : (
        <span class="trace-fold" />
      )}
      <span class="trace-service">{span.process.service}</span>
      <span class="trace-operation">{titleOf(span)}</span>
      {role && <span class={`trace-chip ${role}`}>{roleWords[role]}</span>}
      {sidecars && <span class="trace-chip masked">{sidecars}</span>}
      {isAsync && <span class="trace-chip">{span.kind === 'consumer' ? 'queue' : 'later'}</span>}
      {cut && <span class="trace-chip">{cut}</span>}
      {isCollapsed && <span class="trace-chip">+{below}</span>}
    </div>
  );
}

function Lane({ node, window, shown }: Props) {
  const { span, parent, isAsync } = node;
  const { startUs } = shown.tree;
  const bar = barIn(window, span.startUs - startUs, endUs(span) - startUs);
  const waited =
    isAsync && parent ? barIn(window, endUs(parent.span) - startUs, span.startUs - startUs) : null;
  return (
    <div class="trace-lane" role="gridcell">
      {waited && waited.width > 0 && <i class="trace-waited" style={boxOf(waited)} />}
      {bar && (
        <>
          <i class="trace-bar" style={boxOf(bar)} />
          {(shown.critical.get(node) ?? []).map(({ fromUs, toUs }) => {
            const part = barIn(window, fromUs - startUs, toUs - startUs);
            return part && <i key={fromUs} class="trace-critical" style={boxOf(part)} />;
          })}
          {span.events.map(({ atUs }) => (
            <i
              key={atUs}
              class="trace-event"
              style={{ left: `${percentIn(window, atUs - startUs)}%` }}
            />
          ))}
        </>
      )}
      <Label bar={bar} text={formatDuration(span.durationUs)} />
    </div>
  );
}

function Label({ bar, text }: { bar: ReturnType<typeof barIn>; text: string }) {
  if (bar === undefined) return <span class="trace-label outside">{text}</span>;
  const end = bar.left + bar.width;
  if (end <= LABEL_ROOM) {
    return (
      <span class="trace-label" style={{ left: `${end}%` }}>
        {text}
      </span>
    );
  }
  if (bar.left >= 100 - LABEL_ROOM) {
    return (
      <span class="trace-label before" style={{ right: `${100 - bar.left}%` }}>
        {text}
      </span>
    );
  }
  return (
    <span class="trace-label within" style={{ right: `${Math.max(0, 100 - end)}%` }}>
      {text}
    </span>
  );
}

function boxOf({ left, width }: { left: number; width: number }) {
  return { left: `${left}%`, width: `${width}%` };
}
