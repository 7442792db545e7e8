import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { formatMinute } from '../format.ts';

/** Says when something that may have changed meanwhile was current. */
export function asOf(ms: number): VNode {
  const time = new Date(ms).toISOString();
  return html`<p class="as-of">${'As of '}<time datetime=${time}>${formatMinute(ms)}</time></p>`;
}
