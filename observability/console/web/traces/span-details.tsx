import type { ComponentChildren } from 'preact';
import { Link } from '../core/link.tsx';
import { address } from '../core/url.ts';
import { formatDuration } from './model/duration.ts';
import { reasonOf } from './model/failing.ts';
import { selfUs } from './model/self-time.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { type Attribute, type Span, titleOf } from './model/span.ts';
import type { TreeNode } from './model/tree.ts';
import { AttributeTable } from './attribute-table.tsx';

type Props = {
  node: TreeNode;
  shown: ShownTrace;
  onClose: () => void;
  onSelect: (id: string) => void;
};

/** Everything that is known of a span. */
export function SpanDetails({ node, shown, onClose, onSelect }: Props) {
  const { span } = node;
  const { process } = span;
  const reason = span.isError ? reasonOf(node) : '';
  return (
    <aside class="trace-details" aria-label="Span details">
      <div class="trace-details-head">
        <div>
          <p class="muted small">
            <Link href={address(`/services/${encodeURIComponent(process.service)}`)}>
              {process.service}
            </Link>{' '}
            {process.version}
          </p>
          <h2>{titleOf(span)}</h2>
        </div>
        <button type="button" class="icon-button" onClick={onClose}>
          <span aria-hidden="true">×</span>
          <span class="visually-hidden">Close details</span>
        </button>
      </div>
      {span.isError && <p class="problem small">Failed{reason && `: ${reason}`}</p>}
      <Facts node={node} shown={shown} />
      <Hops node={node} shown={shown} onSelect={onSelect} />
      <Notes node={node} shown={shown} />
      <Events span={span} startUs={shown.tree.startUs} />
      <Section title="Attributes" count={span.attributes.length} isOpen>
        <AttributeTable attributes={span.attributes} />
      </Section>
      <Sidecars spans={shown.sidecars.get(span.id) ?? []} startUs={shown.tree.startUs} />
      <Section title="Process" count={process.attributes.length}>
        <AttributeTable attributes={process.attributes} />
      </Section>
    </aside>
  );
}

function Facts({ node, shown }: Pick<Props, 'node' | 'shown'>) {
  const { span } = node;
  const onPath = (shown.critical.get(node) ?? []).reduce(
    (sum, { fromUs, toUs }) => sum + toUs - fromUs,
    0,
  );
  const facts = {
    Starts: `+${formatDuration(span.startUs - shown.tree.startUs)}`,
    Takes: formatDuration(span.durationUs),
    'Own time': formatDuration(selfUs(node)),
    'Critical path': onPath > 0 ? formatDuration(onPath) : 'not on it',
    Kind: span.kind || 'none',
    Instance: span.process.instance || 'unknown',
    'Span id': span.id,
  };
  return (
    <dl class="trace-facts">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Where it came from by a queue, and what it sent on by one. */
function Hops({ node, shown, onSelect }: Pick<Props, 'node' | 'shown' | 'onSelect'>) {
  const { span, parent, children } = node;
  const from = node.isAsync && parent ? [parent] : [];
  const to = children.filter(({ isAsync }) => isAsync);
  if (from.length + to.length + span.links.length === 0) return null;
  const button = (other: TreeNode, word: string) => (
    <li key={other.index}>
      {word}{' '}
      <button type="button" class="trace-link" onClick={() => onSelect(other.span.id)}>
        {other.span.process.service}: {titleOf(other.span)}
      </button>
    </li>
  );
  return (
    <ul class="trace-hops">
      {from.map((one) => button(one, 'Set off by'))}
      {to.map((one) => button(one, 'Set off'))}
      {span.links.map(({ traceId, spanId }) => (
        <li key={`${traceId}${spanId}`}>
          Linked to{' '}
          {traceId === shown.id && shown.tree.byId.has(spanId) ? (
            <button type="button" class="trace-link" onClick={() => onSelect(spanId)}>
              another span
            </button>
          ) : (
            <Link href={address(`/traces/${encodeURIComponent(traceId)}`, { span: spanId })}>
              another trace
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}

function Notes({ node: { span, cut }, shown }: Pick<Props, 'node' | 'shown'>) {
  const moved = shown.movedUs.get(span.id);
  const notes = [
    ...span.warnings,
    ...(cut === 'parent missing'
      ? [`Its parent ${span.parentId} is not in the trace: lost, or not here yet.`]
      : []),
    ...(cut === 'circular' ? ['It is its own ancestor; shown at the top.'] : []),
    ...(moved === undefined ? [] : [`Moved by ${formatDuration(moved)}: its clock was off.`]),
  ];
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="trace-note small">
          {note}
        </p>
      ))}
    </>
  );
}

function Events({ span, startUs }: { span: Span; startUs: number }) {
  if (span.events.length === 0) return null;
  return (
    <Section title="Events" count={span.events.length} isOpen>
      {span.events.map(({ atUs, name, attributes }, index) => (
        <div key={index} class="trace-details-event">
          <p class="small">
            <strong>{name}</strong> <span class="muted">+{formatDuration(atUs - startUs)}</span>
          </p>
          <AttributeTable attributes={attributes} />
        </div>
      ))}
    </Section>
  );
}

function Sidecars({ spans, startUs }: { spans: readonly Span[]; startUs: number }) {
  if (spans.length === 0) return null;
  return (
    <Section title="Through sidecars" count={spans.length}>
      <AttributeTable attributes={spans.map((span) => sidecarLine(span, startUs))} />
    </Section>
  );
}

function sidecarLine(span: Span, startUs: number): Attribute {
  const status = span.attributes.find(({ key }) => key === 'http.response.status_code')?.value;
  const way = span.kind === 'server' ? 'into' : 'out of';
  const parts = [
    `+${formatDuration(span.startUs - startUs)}`,
    formatDuration(span.durationUs),
    status === undefined ? '' : String(status),
  ];
  return { key: `${way} ${span.process.instance}`, value: parts.filter(Boolean).join(' · ') };
}

type SectionProps = {
  title: string;
  count: number;
  isOpen?: boolean;
  children: ComponentChildren;
};

function Section({ title, count, isOpen = false, children }: SectionProps) {
  return (
    <details open={isOpen} class="trace-section">
      <summary>
        {title} <span class="muted">{count}</span>
      </summary>
      {children}
    </details>
  );
}
