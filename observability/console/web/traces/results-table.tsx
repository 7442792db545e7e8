import { useState } from 'preact/hooks';
import { count, formatTime } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { address, go, place, setQuery } from '../core/url.ts';
import { colourClasses } from './colours.ts';
import { formatDuration } from './model/duration.ts';
import { SIDECAR } from './model/span.ts';
import type { Summary } from './model/summary.ts';
import type { TraceOrigin } from './origins.ts';
import { sortedBy, SortHeading } from './sort-heading.tsx';

type Props = {
  found: readonly Summary[];
  origins: ReadonlyMap<string, TraceOrigin>;
  isBusy: boolean;
  /** There may be more than were asked for. */
  isFull: boolean;
};

const sorts: Readonly<Record<string, (summary: Summary) => number>> = {
  start: ({ startUs }) => startUs,
  duration: ({ durationUs }) => durationUs,
  spans: ({ spans }) => spans,
  errors: ({ errors }) => errors,
};

/** What was found, one trace a row; two that are ticked can be compared. */
export function ResultsTable({ found, origins, isBusy, isFull }: Props) {
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const sort = place.value.query.get('sort') ?? 'start';
  const longestUs = found.reduce((most, { durationUs }) => Math.max(most, durationUs), 1);
  const failed = found.filter(({ errors }) => errors > 0).length;
  const tick = (id: string) =>
    setTicked(ticked.includes(id) ? ticked.filter((one) => one !== id) : [...ticked, id].slice(-2));
  const heading = (name: string, title: string) => (
    <SortHeading
      name={title}
      isSorted={name === sort}
      onSort={() => setQuery({ sort: name }, { replace: true })}
    />
  );
  const [a, b] = ticked;
  return (
    <section class="panel" aria-label="Results" aria-busy={isBusy}>
      <div class="page-head">
        <p role="status">
          <b>{count(found.length, 'trace')}</b>
          {failed > 0 && `, ${failed} with errors`}
          {isFull && '; there may be more, raise the limit or narrow the search'}
        </p>
        <button
          type="button"
          class="button small"
          disabled={b === undefined}
          onClick={() => go(address('/traces/compare', { a, b }))}
        >
          {b === undefined ? 'Tick two to compare' : 'Compare the two'}
        </button>
      </div>
      <div class="trace-scroll">
        <table class="trace-results">
          <thead>
            <tr>
              <th>
                <span class="visually-hidden">Compare</span>
              </th>
              {heading('start', 'Start')}
              <th>Trace</th>
              {heading('duration', 'Duration')}
              {heading('spans', 'Spans')}
              {heading('errors', 'Errors')}
              <th>Failed first at</th>
              <th>Services</th>
            </tr>
          </thead>
          <tbody>
            {sortedBy(found, sorts[sort] ?? (({ startUs }) => startUs)).map((summary) => (
              <Row
                key={summary.id}
                summary={summary}
                origin={origins.get(summary.id)}
                longestUs={longestUs}
                isTicked={ticked.includes(summary.id)}
                onTick={() => tick(summary.id)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

type RowProps = {
  summary: Summary;
  origin: TraceOrigin | undefined;
  longestUs: number;
  isTicked: boolean;
  onTick: () => void;
};

function Row({ summary, origin, longestUs, isTicked, onTick }: RowProps) {
  const { id, service, operation, startUs, durationUs, spans, errors, orphans } = summary;
  const name = `${service} ${operation}`.trim() || 'root span missing';
  return (
    <tr class={errors > 0 ? 'error' : ''}>
      <td>
        <input
          type="checkbox"
          checked={isTicked}
          onChange={onTick}
          aria-label={`Compare ${name} of ${formatTime(startUs / 1_000)}`}
        />
      </td>
      <td class="number">{formatTime(startUs / 1_000)}</td>
      <td>
        <Link href={address(`/traces/${id}`)}>{name}</Link>
        {orphans > 0 && <span class="trace-chip">{count(orphans, 'span')} without parent</span>}
      </td>
      <td class="number trace-share">
        <span>{formatDuration(durationUs)}</span>
        <span class="trace-share-bar">
          <i style={{ width: `${(100 * durationUs) / longestUs}%` }} />
        </span>
      </td>
      <td class="number">{spans}</td>
      <td class={`number ${errors > 0 ? 'trace-bad' : 'muted'}`}>{errors}</td>
      <td>
        {origin && (
          <Link href={address(`/traces/${id}`, { span: origin.span })}>
            <b>{origin.service}</b> {origin.what}
          </Link>
        )}
      </td>
      <td>
        <Services summary={summary} />
      </td>
    </tr>
  );
}

function Services({ summary: { services } }: { summary: Summary }) {
  const shown = services.filter(({ name }) => name !== SIDECAR);
  const colour = colourClasses(shown.map(({ name }) => name));
  return (
    <span class="trace-services">
      {shown.map(({ name, spans, errors }) => (
        <span key={name} class={`trace-service-count ${errors > 0 ? 'error' : ''}`}>
          <span class={`trace-swatch ${colour(name)}`} />
          {name} {spans}
        </span>
      ))}
    </span>
  );
}
