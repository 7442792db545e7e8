import { useMemo } from 'preact/hooks';
import { place, setQuery } from '../core/url.ts';
import { AttributeTable } from './attribute-table.tsx';
import { formatDuration } from './model/duration.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { type SpanEvent, titleOf } from './model/span.ts';
import type { TreeNode } from './model/tree.ts';

type Props = { shown: ShownTrace; onSelect: (span: string) => void };
type Line = { readonly node: TreeNode; readonly event: SpanEvent };

const SHOWN_MAX = 500;

/** What happened in all spans, logs and exceptions, in the order of time. */
export function EventsView({ shown, onSelect }: Props) {
  const wanted = place.value.query.get('find') ?? '';
  const lines = useMemo(() => linesOf(shown), [shown]);
  const found = lines.filter((line) => matches(line, wanted.toLowerCase()));
  return (
    <section class="panel" aria-label="Events">
      <label class="trace-inline">
        Find
        <input
          type="search"
          value={wanted}
          onInput={({ currentTarget }) =>
            setQuery({ find: currentTarget.value }, { replace: true })
          }
        />
      </label>
      {found.length === 0 && (
        <p class="empty">
          {lines.length === 0
            ? 'No span of this trace has events: they tell of exceptions and of what services log about a request.'
            : 'No event has these words.'}
        </p>
      )}
      <ol class="trace-events">
        {found.slice(0, SHOWN_MAX).map(({ node, event }, index) => (
          <li key={index}>
            <span class="number muted">+{formatDuration(event.atUs - shown.tree.startUs)}</span>
            <div>
              <p>
                <strong>{event.name}</strong> in{' '}
                <button type="button" class="trace-link" onClick={() => onSelect(node.span.id)}>
                  {node.span.process.service}: {titleOf(node.span)}
                </button>
              </p>
              <AttributeTable attributes={event.attributes} />
            </div>
          </li>
        ))}
      </ol>
      {found.length > SHOWN_MAX && <p class="muted">{found.length - SHOWN_MAX} more.</p>}
    </section>
  );
}

function linesOf({ tree }: ShownTrace): Line[] {
  return tree.nodes
    .flatMap((node) => node.span.events.map((event) => ({ node, event })))
    .toSorted((a, b) => a.event.atUs - b.event.atUs);
}

function matches({ node, event }: Line, words: string): boolean {
  if (words === '') return true;
  const texts = event.attributes.flatMap(({ key, value }) => [key, String(value)]);
  return [event.name, node.span.process.service, node.span.operation, ...texts].some((text) =>
    text.toLowerCase().includes(words),
  );
}
