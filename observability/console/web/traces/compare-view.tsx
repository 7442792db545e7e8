import { useMemo } from 'preact/hooks';
import { Link } from '../core/link.tsx';
import { type Asked, useAsked } from '../core/query.ts';
import { address, place, setQuery } from '../core/url.ts';
import { CompareTable } from './compare-table.tsx';
import { loadTrace } from './load-trace.ts';
import { compareTraces } from './model/compare.ts';
import { formatDuration } from './model/duration.ts';
import { type ShownTrace, showTrace } from './model/shown-trace.ts';
import { titleOf, type Trace } from './model/span.ts';

/** Two traces side by side: `/traces/compare?a=…&b=…`. */
export function CompareView() {
  const { query } = place.value;
  const [a, b] = [query.get('a') ?? '', query.get('b') ?? ''];
  const before = useShown(a);
  const after = useShown(b);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Compare two traces</h1>
        {a && b && (
          <button type="button" class="button small" onClick={() => setQuery({ a: b, b: a })}>
            Swap
          </button>
        )}
      </div>
      <div class="trace-compared">
        <Side name="First trace" parameter="a" id={a} asked={before} />
        <Side name="Second trace" parameter="b" id={b} asked={after} />
      </div>
      {before.value && after.value && <Difference before={before.value} after={after.value} />}
    </div>
  );
}

function useShown(id: string): Asked<ShownTrace> {
  const asked = useAsked<Trace | undefined>(id, async (signal) =>
    id === '' ? undefined : loadTrace(id, signal),
  );
  const trace = asked.value;
  const shown = useMemo(() => trace && showTrace(trace, { sidecars: 'folded' }), [trace]);
  return {
    isBusy: asked.isBusy,
    ...(shown && { value: shown }),
    ...(asked.error && { error: asked.error }),
  };
}

type SideProps = { name: string; parameter: 'a' | 'b'; id: string; asked: Asked<ShownTrace> };

function Side({ name, parameter, id, asked: { value, error, isBusy } }: SideProps) {
  const root = value?.tree.roots[0];
  const choose = (event: SubmitEvent) => {
    event.preventDefault();
    const { currentTarget } = event;
    if (!(currentTarget instanceof HTMLFormElement)) return;
    setQuery({ [parameter]: String(new FormData(currentTarget).get('id') ?? '').trim() });
  };
  return (
    <section class="panel" aria-label={name}>
      <form class="trace-inline-form" onSubmit={choose}>
        <label>
          {name}
          <input name="id" key={id} defaultValue={id} placeholder="trace id" spellcheck={false} />
        </label>
        <button type="submit" class="button">
          Show
        </button>
      </form>
      {error && <p class="problem small">Could not be read: {error.message}</p>}
      {value === undefined && error === undefined && (
        <p class="muted small">
          {isBusy && id !== ''
            ? 'Loading …'
            : 'Enter the id of a trace, or tick two in the search.'}
        </p>
      )}
      {value && root && (
        <p>
          <Link href={address(`/traces/${value.id}`)}>
            <b>{root.span.process.service}</b> {titleOf(root.span)}
          </Link>{' '}
          <span class="muted">
            {formatDuration(value.tree.endUs - value.tree.startUs)} · {value.tree.nodes.length}{' '}
            spans
            {value.failing.length > 0 && ' · failed'}
          </span>
        </p>
      )}
    </section>
  );
}

function Difference({ before, after }: { before: ShownTrace; after: ShownTrace }) {
  const rows = useMemo(() => compareTraces(before.tree, after.tree), [before, after]);
  const duration = ({ tree }: ShownTrace) => tree.endUs - tree.startUs;
  const changed = rows.filter(({ change }) => change !== 'same').length;
  const onlyChanged = place.value.query.get('only') === 'changes';
  return (
    <section class="panel" aria-label="Differences">
      <div class="page-head">
        <p>
          The second took {howMuch(duration(after) - duration(before))}, and <b>{changed}</b> of{' '}
          {rows.length} ways through the services differ.
        </p>
        <label class="trace-check">
          <input
            type="checkbox"
            checked={onlyChanged}
            onChange={({ currentTarget }) =>
              setQuery({ only: currentTarget.checked ? 'changes' : undefined }, { replace: true })
            }
          />
          Only differences
        </label>
      </div>
      <CompareTable rows={rows} onlyChanged={onlyChanged} />
    </section>
  );
}

function howMuch(longerUs: number) {
  if (longerUs === 0) return <b>as long</b>;
  return (
    <>
      <b>{formatDuration(Math.abs(longerUs))}</b> {longerUs > 0 ? 'longer' : 'less'}
    </>
  );
}
