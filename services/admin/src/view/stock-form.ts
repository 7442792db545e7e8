import type { StockLevel } from '@faultline/contracts/inventory';
import { html } from 'htm/preact';
import type { ComponentChildren } from 'preact';
import type { RefusedStock } from '../stock-change.ts';

/** Sets what is available of one product; what was typed and refused is kept. */
export function stockForm(options: {
  action: string;
  name: string;
  level: Pick<StockLevel, 'available' | 'version'>;
  refused?: RefusedStock | undefined;
}): ComponentChildren {
  const { action, name, level, refused } = options;
  return html`<form class="inline" method="post" action=${action}>
    <input type="hidden" name="version" value=${level.version} />
    <input
      class="narrow"
      name="available"
      inputmode="numeric"
      autocomplete="off"
      maxlength="7"
      value=${refused?.typed ?? level.available}
      aria-label="Available of ${name}"
      aria-invalid=${refused ? 'true' : undefined}
    />
    <button class="quiet small" aria-label="Set the stock of ${name}">Set</button>
  </form>`;
}
