import { computed, signal } from '@preact/signals';

/** Where the page is. All state that is worth coming back to is in here. */
export type Place = {
  /** As it is in the address: encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
};

type QueryChanges = Readonly<Record<string, string | number | undefined>>;

export const place = signal<Place>(read());

/** The moment that is looked at, in ms; undefined follows what happens. */
export const atMs = computed<number | undefined>(() => {
  const at = Number(place.value.query.get('at') ?? Number.NaN);
  return Number.isFinite(at) && at > 0 ? at : undefined;
});

/** Follows the browser's own back and forward. */
export function followHistory(): void {
  addEventListener('popstate', () => {
    place.value = read();
  });
}

/** An address of this console; the moment that is looked at goes along. */
export function address(path: string, query: QueryChanges = {}): string {
  const at = place.value.query.get('at');
  const all = { ...(at !== null && { at }), ...query };
  return withQuery(path, changed(new URLSearchParams(), all));
}

/** Goes to an address. `replace` leaves no way back to the one before. */
export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  place.value = read();
}

/** Changes parts of the query where the page is; undefined takes one away. */
export function setQuery(changes: QueryChanges, options: { replace?: boolean } = {}): void {
  const { path, query } = place.value;
  go(withQuery(path, changed(new URLSearchParams(query), changes)), options);
}

/** Replaces all of the query but the moment that is looked at. */
export function replaceQuery(values: QueryChanges, options: { replace?: boolean } = {}): void {
  go(address(place.value.path, values), options);
}

function changed(query: URLSearchParams, changes: QueryChanges): URLSearchParams {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, String(value));
  }
  return query;
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function read(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}
