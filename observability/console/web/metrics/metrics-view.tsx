import { CallError } from '../core/api.ts';
import { useAsked } from '../core/query.ts';
import { atMs, place, setQuery } from '../core/url.ts';
import { Chart } from './chart.tsx';
import { examples } from './model/examples.ts';
import { ranges } from './model/promql.ts';
import { toRows } from './model/series.ts';
import { unitOf } from './model/unit.ts';
import { QueryField } from './query-field.tsx';
import { SeriesTable } from './series-table.tsx';
import { queryAt, refreshMs, useLines } from './use-range.ts';

const RANGE = '15m';

/** PromQL over the system's Prometheus: `/metrics`. */
export function MetricsView() {
  const { query: parameters } = place.value;
  const query = parameters.get('query') ?? '';
  const range = parameters.get('range') ?? RANGE;
  const step = parameters.get('step') ?? '';
  const isTable = parameters.get('view') === 'table';
  return (
    <div class="page">
      <div class="page-head">
        <h1>Metrics</h1>
      </div>
      <section class="panel">
        <QueryField query={query} onRun={(text) => setQuery({ query: text.trim() })} />
        <div class="metrics-options">
          <div class="metrics-views" role="group" aria-label="Show as">
            <ViewButton name="Graph" isOn={!isTable} view={undefined} />
            <ViewButton name="Table" isOn={isTable} view="table" />
          </div>
          <Options range={range} step={step} />
        </div>
        {query === '' && <p class="empty">Write a query, or begin with one of those below.</p>}
        {query !== '' &&
          (isTable ? <Table query={query} /> : <Graph {...{ query, range, step }} />)}
      </section>
      <Examples current={query} />
    </div>
  );
}

function ViewButton({
  name,
  isOn,
  view,
}: {
  name: string;
  isOn: boolean;
  view?: string | undefined;
}) {
  return (
    <button
      type="button"
      class="button small"
      aria-pressed={isOn}
      onClick={() => setQuery({ view })}
    >
      {name}
    </button>
  );
}

function Options({ range, step }: { range: string; step: string }) {
  const all = ranges.some((one) => one === range) ? ranges : [...ranges, range];
  return (
    <>
      <label class="metrics-inline">
        Range
        <select onChange={({ currentTarget }) => setQuery({ range: currentTarget.value })}>
          {all.map((one) => (
            <option key={one} value={one} selected={one === range}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label class="metrics-inline">
        Step
        <input
          class="metrics-step"
          key={step}
          defaultValue={step}
          placeholder="auto"
          onChange={({ currentTarget }) => setQuery({ step: currentTarget.value.trim() })}
        />
      </label>
    </>
  );
}

function Graph({ query, range, step }: { query: string; range: string; step: string }) {
  const { value, error } = useLines({ query, range, step });
  if (error) return <Problem error={error} />;
  if (value === undefined) return <p class="empty">Asking …</p>;
  if (value.lines.length === 0) return <Nothing />;
  return <Chart lines={value} unit={unitOf(query)} label={`Graph of ${query}`} height={340} />;
}

function Table({ query }: { query: string }) {
  const { value, error } = useAsked(
    JSON.stringify([query, atMs.value]),
    (signal) => queryAt(query, signal),
    refreshMs(),
  );
  if (error) return <Problem error={error} />;
  if (value === undefined) return <p class="empty">Asking …</p>;
  const rows = toRows(value);
  return rows.length === 0 ? <Nothing /> : <SeriesTable rows={rows} unit={unitOf(query)} />;
}

function Nothing() {
  return (
    <p class="empty">
      No series fits: the metric may not exist yet, or a label may be misspelt. Names are completed
      while you type.
    </p>
  );
}

/** Says what is wrong with the query, or with Prometheus. */
export function Problem({ error }: { error: Error }) {
  const status = error instanceof CallError ? error.status : undefined;
  const words =
    status === 501 || status === 502
      ? `There is no Prometheus to ask: ${error.message}.`
      : `The query was refused: ${error.message}`;
  return (
    <p class="problem" role="alert">
      {words}
    </p>
  );
}

function Examples({ current }: { current: string }) {
  return (
    <section class="panel" aria-label="Examples">
      <h2>Questions to begin with</h2>
      <div class="metrics-examples">
        {examples.map(({ about, of }) => (
          <div key={about}>
            <h3>{about}</h3>
            <ul>
              {of.map(({ title, query }) => (
                <li key={query}>
                  <button
                    type="button"
                    class="metrics-example"
                    aria-current={query === current}
                    onClick={() => setQuery({ query })}
                  >
                    {title}
                    <code>{query}</code>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
