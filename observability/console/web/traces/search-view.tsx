import { useAsked } from '../core/query.ts';
import { address, atMs, go, place } from '../core/url.ts';
import { findTraces } from './find-traces.ts';
import { anySearch, type Search, searchParams } from './model/search.ts';
import type { Summary } from './model/summary.ts';
import { useOrigins } from './origins.ts';
import { ResultsTable } from './results-table.tsx';
import { Scatter } from './scatter.tsx';
import { SearchForm } from './search-form.tsx';

const FOLLOW_MS = 5_000;

/** Finding traces: `/traces`. */
export function SearchView() {
  const { query } = place.value;
  const search = readSearch(query);
  const isFollowing = query.get('follow') === 'on' && atMs.value === undefined;
  const key = JSON.stringify([search, atMs.value]);
  const asked = useAsked(
    key,
    async (signal) => {
      const params = searchParams(search, atMs.value ?? performance.timeOrigin + performance.now());
      return findTraces(params, signal);
    },
    isFollowing ? FOLLOW_MS : undefined,
  );
  return (
    <div class="page">
      <div class="page-head">
        <h1>Traces</h1>
      </div>
      <SearchForm key={key} search={search} isFollowing={isFollowing} onAgain={asked.again} />
      {asked.error && (
        <p class="problem" role="alert">
          {asked.error instanceof RangeError
            ? asked.error.message
            : `The search failed: ${asked.error.message}. Is the trace store running?`}
        </p>
      )}
      {asked.value && <Results found={asked.value} search={search} isBusy={asked.isBusy} />}
      {!asked.value && asked.isBusy && <p class="empty">Searching …</p>}
    </div>
  );
}

type ResultsProps = { found: readonly Summary[]; search: Search; isBusy: boolean };

function Results({ found, search, isBusy }: ResultsProps) {
  const origins = useOrigins(found);
  const { origin } = search;
  const shown =
    origin === ''
      ? found
      : found.filter(({ id }) => (origins.get(id)?.service ?? origin) === origin);
  if (shown.length === 0) {
    return (
      <div class="panel empty">
        <p>No trace of this time fits.</p>
        <p>
          Look further back, leave out a condition, or let somebody use the shop: faultline load.
        </p>
      </div>
    );
  }
  return (
    <>
      <Scatter found={shown} onOpen={({ id }) => go(address(`/traces/${id}`))} />
      <ResultsTable
        found={shown}
        origins={origins}
        isBusy={isBusy}
        isFull={found.length >= Number(search.limit)}
      />
    </>
  );
}

function readSearch(query: URLSearchParams): Search {
  const text = (name: keyof Search) => query.get(name) ?? anySearch[name];
  return {
    service: text('service'),
    operation: text('operation'),
    tags: text('tags'),
    minDuration: text('minDuration'),
    maxDuration: text('maxDuration'),
    errors: query.get('errors') === 'only' ? 'only' : '',
    origin: text('origin'),
    version: text('version'),
    lookback: text('lookback'),
    limit: text('limit'),
  };
}
