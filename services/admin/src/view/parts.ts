import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';

/** The head of a column; of one with numbers when `number` is set. */
type Column = string | { number: string };

/** A table whose first column names the row; `empty` stands where there are no rows. */
export function table(options: {
  caption: string;
  columns: readonly Column[];
  rows: readonly (readonly ComponentChildren[])[];
  empty: string;
}): ComponentChildren {
  if (options.rows.length === 0) return html`<p class="empty">${options.empty}</p>`;
  return html`<table>
    <caption>
      ${options.caption}
    </caption>
    <thead>
      <tr>
        ${options.columns.map(headOf).map(({ label, kind }) => html`<th scope="col" class=${kind}>${label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${options.rows.map((cells) => row(options.columns, cells))}
    </tbody>
  </table>`;
}

function row(columns: readonly Column[], cells: readonly ComponentChildren[]): ComponentChildren {
  const [name, ...values] = cells;
  return html`<tr>
    <th scope="row">${name}</th>
    ${values.map((value, index) => {
      const { label, kind } = headOf(columns[index + 1] ?? '');
      return html`<td class=${kind} data-label=${label}><div>${value}</div></td>`;
    })}
  </tr>`;
}

function headOf(column: Column): { label: string; kind?: string } {
  return typeof column === 'string' ? { label: column } : { label: column.number, kind: 'number' };
}

/** Names and values, one pair a line. */
export function facts(
  pairs: readonly (readonly [name: string, value: ComponentChildren])[],
): ComponentChildren {
  return html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** The link to the next page of a list, keeping the query. */
export function nextPage(
  path: string,
  query: URLSearchParams,
  cursor: string | null,
): ComponentChildren {
  if (cursor === null) return null;
  return html`<p class="pages">
    <a class="button quiet" rel="next" href=${withQuery(path, query, { cursor })}>Next page</a>
  </p>`;
}

/** `path` with the query as it is but for `change`. */
export function withQuery(
  path: string,
  query: URLSearchParams,
  change: Readonly<Record<string, string>> = {},
): string {
  const next = new URLSearchParams({ ...Object.fromEntries(query), ...change }).toString();
  return next === '' ? path : `${path}?${next}`;
}

/** A search box that filters the list it stands above. */
export function searchForm(path: string, label: string, value: string): ComponentChildren {
  return html`<form class="find" action=${path} role="search">
    <label class="hidden" for="q">${label}</label>
    <input id="q" type="search" name="q" value=${value} maxlength="200" placeholder=${label} />
    <button class="quiet">Search</button>
  </form>`;
}

/** Links to parts of a list, of which one is shown. */
export function filters(
  label: string,
  options: readonly { href: string; label: string; current: boolean }[],
): ComponentChildren {
  return html`<nav class="filters" aria-label=${label}>
    ${options.map(
      (option) =>
        html`<a href=${option.href} aria-current=${option.current ? 'true' : undefined}
          >${option.label}</a
        >`,
    )}
  </nav>`;
}

/** Something the visitor is told: of a fault, of a part that is missing, or that all went well. */
export function notice(
  text: ComponentChildren,
  kind: 'bad' | 'warn' | 'good' = 'bad',
): ComponentChildren {
  if (text === undefined) return null;
  return html`<p class="notice ${kind}" role=${kind === 'bad' ? 'alert' : 'status'}>${text}</p>`;
}

/** A button that has to be asked for twice, without a script. */
export function confirmed(options: {
  action: string;
  ask: string;
  consequence: string;
  button: string;
}): ComponentChildren {
  return html`<details class="confirm">
    <summary>${options.ask}</summary>
    <form method="post" action=${options.action}>
      <p>${options.consequence}</p>
      <button class="danger">${options.button}</button>
    </form>
  </details>`;
}

/** `2026-05-01 10:00`; the pages say that it is UTC. */
export function formatTime(rfc3339: string): ComponentChildren {
  return html`<time datetime=${rfc3339}>${rfc3339.slice(0, 16).replace('T', ' ')}</time>`;
}

export function badge(status: string): ComponentChildren {
  return html`<span class="badge ${status}">${status}</span>`;
}

/** The last characters of an id, as people read it to each other. */
export function shortId(id: string): string {
  return id.slice(-8).toUpperCase();
}
