import { count, formatTime } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { address, place, setQuery } from '../core/url.ts';
import { formatDuration } from './model/duration.ts';
import { isAbsorbed, reasonOf } from './model/failing.ts';
import type { ShownTrace } from './model/shown-trace.ts';
import { titleOf } from './model/span.ts';

type Props = { shown: ShownTrace; sidecars: 'folded' | 'shown' };

/** What the trace is, in a line; where it failed, in another. */
export function TraceHead({ shown, sidecars }: Props) {
  const { tree, services, sidecarCount, id } = shown;
  const [root] = tree.roots;
  const depth = tree.nodes.reduce((most, node) => Math.max(most, node.depth), 0) + 1;
  const facts = [
    formatDuration(tree.endUs - tree.startUs),
    count(tree.nodes.length, 'span'),
    count(services.length, 'service'),
    count(depth, 'level'),
  ];
  return (
    <header class="trace-head">
      <div class="trace-title">
        <h1>
          <span class="trace-title-service">{root?.span.process.service ?? 'Empty trace'}</span>{' '}
          {root && titleOf(root.span)}
        </h1>
        <p class="muted small">
          {formatTime(tree.startUs / 1_000)} · {facts.join(' · ')} · <code>{id}</code>
        </p>
      </div>
      <div class="trace-actions">
        {sidecarCount > 0 && <SidecarSwitch count={sidecarCount} sidecars={sidecars} />}
        <Link class="button small" href={address('/traces/compare', { a: id })}>
          Compare
        </Link>
        <a class="button small" href={`/api/traces/${id}?prettyPrint=true`} download={`${id}.json`}>
          Download
        </a>
      </div>
      <Failure shown={shown} />
    </header>
  );
}

function SidecarSwitch({ count: many, sidecars }: { count: number; sidecars: Props['sidecars'] }) {
  const isShown = sidecars === 'shown';
  return (
    <button
      type="button"
      class="button small"
      aria-pressed={isShown}
      onClick={() => setQuery({ sidecars: isShown ? undefined : 'shown' })}
    >
      {isShown ? 'Fold' : 'Show'} {count(many, 'sidecar span')}
    </button>
  );
}

function Failure({ shown: { failing } }: { shown: ShownTrace }) {
  const selected = place.value.query.get('span');
  const at = failing.findIndex(({ span }) => span.id === selected);
  const node = failing[Math.max(0, at)];
  if (node === undefined) return null;
  const next = failing[(at + 1) % failing.length] ?? node;
  const reason = reasonOf(node);
  return (
    <p class={`trace-failure ${isAbsorbed(node) ? 'absorbed' : ''}`} role="status">
      <span>
        <strong>{isAbsorbed(node) ? 'An error was absorbed: ' : 'It failed at '}</strong>
        {node.span.process.service}
        {node.span.process.version && ` ${node.span.process.version}`}, {titleOf(node.span)}
        {reason && ` (${reason})`}
      </span>
      <button
        type="button"
        class="button small"
        onClick={() => setQuery({ span: next.span.id, view: undefined })}
      >
        {at < 0 || failing.length === 1
          ? 'Go to the failing span'
          : `Next of ${failing.length} failures`}
      </button>
    </p>
  );
}
