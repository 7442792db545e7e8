import type { Money } from '@faultline/contracts/common';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';

/** A table with a caption for screen readers; `empty` stands where there are no rows. */
export function table(options: {
  caption: string;
  columns: readonly string[];
  rows: readonly ComponentChildren[];
  empty: string;
}): ComponentChildren {
  if (options.rows.length === 0) return html`<p class="muted">${options.empty}</p>`;
  return html`<div class="scroll">
    <table>
      <caption>
        ${options.caption}
      </caption>
      <thead>
        <tr>
          ${options.columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${options.rows}
      </tbody>
    </table>
  </div>`;
}

/** The link to the next page of a list, keeping the query. */
export function nextPage(
  path: string,
  query: URLSearchParams,
  cursor: string | null,
): ComponentChildren {
  if (cursor === null) return null;
  const next = new URLSearchParams(query);
  next.set('cursor', cursor);
  return html`<p><a class="button" href="${path}?${next.toString()}">Next page</a></p>`;
}

/** A search box that filters the list it stands above. */
export function searchForm(path: string, label: string, value: string): ComponentChildren {
  return html`<form class="inline" method="get" action=${path} role="search">
    <label>${label} <input type="search" name="q" value=${value} maxlength="200" /></label>
    <button>Search</button>
  </form>`;
}

/** Minor units as people write them: `EUR 12.50`. */
export function formatMoney(money: Money): string {
  return `${money.currency} ${decimal(money)}`;
}

/** The amount alone, for an input: `12.50`. */
export function decimal(money: Money): string {
  return `${Math.trunc(money.amount / 100)}.${String(money.amount % 100).padStart(2, '0')}`;
}

/** Minor units of what somebody typed, or NaN; without floats, so `19.99` is exactly 1999. */
export function parseDecimal(text: string): number {
  const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : Number.NaN;
}

export function formatTime(rfc3339: string): ComponentChildren {
  return html`<time datetime=${rfc3339}>${rfc3339.slice(0, 16).replace('T', ' ')}</time>`;
}

export function badge(status: string): ComponentChildren {
  return html`<span class="badge ${status}">${status}</span>`;
}
