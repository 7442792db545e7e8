import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { latest } from '../core/live.ts';
import { getJson } from '../core/api.ts';
import { useAsked } from '../core/query.ts';
import { replaceQuery, setQuery } from '../core/url.ts';
import { limits, lookbacks, type Search } from './model/search.ts';
import { SIDECAR } from './model/span.ts';

type Props = { search: Search; isFollowing: boolean; onAgain: () => void };

type Operations = { readonly operations?: readonly { readonly name: string }[] };
type Services = { readonly services?: readonly string[] };

/** What to search for. Nothing is asked before somebody presses Search. */
export function SearchForm({ search, isFollowing, onAgain }: Props) {
  const [service, setService] = useState(search.service);
  const services = useServices();
  const operations = useOperations(service);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const { currentTarget } = event;
    if (!(currentTarget instanceof HTMLFormElement)) return;
    const entered = Object.fromEntries(
      [...new FormData(currentTarget)].map(([name, value]) => [name, String(value).trim()]),
    );
    const isAgain = Object.entries(search).every(
      ([name, value]) => (entered[name] ?? '') === value,
    );
    if (isAgain) onAgain();
    else replaceQuery({ ...entered, ...(isFollowing && { follow: 'on' }) });
  };
  return (
    <form class="panel trace-search" aria-label="Search" onSubmit={submit}>
      <label>
        Service
        <select name="service" onChange={({ currentTarget }) => setService(currentTarget.value)}>
          <option value="">any</option>
          <Options values={withValue(services, service)} chosen={service} />
        </select>
      </label>
      <label>
        Operation
        <input
          name="operation"
          list="trace-operations"
          defaultValue={search.operation}
          placeholder="any"
        />
        <datalist id="trace-operations">
          <Options values={operations} />
        </datalist>
      </label>
      <label class="wide">
        Tags
        <input
          name="tags"
          defaultValue={search.tags}
          placeholder='http.response.status_code=503 key="two words"'
          spellcheck={false}
        />
      </label>
      <Field name="minDuration" title="Shortest" value={search.minDuration} hint="250ms" />
      <Field name="maxDuration" title="Longest" value={search.maxDuration} hint="2s" />
      <Field name="version" title="Version" value={search.version} hint="any" />
      <Choice name="origin" title="Failed first at" values={services} value={search.origin}>
        <option value="">anywhere</option>
      </Choice>
      <Choice name="lookback" title="Look back" values={lookbacks} value={search.lookback} />
      <Choice name="limit" title="At most" values={limits} value={search.limit} />
      <Actions search={search} isFollowing={isFollowing} />
    </form>
  );
}

function Actions({ search, isFollowing }: Pick<Props, 'search' | 'isFollowing'>) {
  return (
    <div class="trace-search-actions">
      <label class="trace-check">
        <input
          type="checkbox"
          name="errors"
          value="only"
          defaultChecked={search.errors === 'only'}
        />
        Errors only
      </label>
      <label class="trace-check">
        <input
          type="checkbox"
          checked={isFollowing}
          onChange={({ currentTarget }) =>
            setQuery({ follow: currentTarget.checked ? 'on' : undefined }, { replace: true })
          }
        />
        Follow
      </label>
      <button type="button" class="button" onClick={() => replaceQuery({})}>
        Reset
      </button>
      <button type="submit" class="button primary">
        Search
      </button>
    </div>
  );
}

type FieldProps = { name: keyof Search; title: string; value: string; hint: string };

function Field({ name, title, value, hint }: FieldProps) {
  return (
    <label>
      {title}
      <input name={name} defaultValue={value} placeholder={hint} spellcheck={false} />
    </label>
  );
}

type ChoiceProps = Omit<FieldProps, 'hint'> & {
  values: readonly string[];
  children?: ComponentChildren;
};

function Choice({ name, title, values, value, children }: ChoiceProps) {
  return (
    <label>
      {title}
      <select name={name}>
        {children}
        <Options values={withValue(values, value)} chosen={value} />
      </select>
    </label>
  );
}

function Options({ values, chosen = '' }: { values: readonly string[]; chosen?: string }) {
  return (
    <>
      {values.map((value) => (
        <option key={value} value={value} selected={value === chosen}>
          {value}
        </option>
      ))}
    </>
  );
}

/** An address may ask for what is not known yet. */
function withValue(values: readonly string[], value: string): readonly string[] {
  return value === '' || values.includes(value) ? values : [...values, value];
}

function useServices(): readonly string[] {
  const { value } = useAsked('services', (signal) =>
    getJson<Services>('/api/v3/services', { signal }),
  );
  const named = latest.value?.nodes.filter(({ kind }) => kind === 'service') ?? [];
  const all = new Set([...(value?.services ?? []), ...named.map(({ name }) => name)]);
  return [...all].filter((name) => name !== SIDECAR).toSorted();
}

function useOperations(service: string): readonly string[] {
  const { value } = useAsked(service, async (signal) =>
    service === ''
      ? undefined
      : getJson<Operations>('/api/v3/operations', { query: { service }, signal }),
  );
  return [...new Set((value?.operations ?? []).map(({ name }) => name))].toSorted();
}
