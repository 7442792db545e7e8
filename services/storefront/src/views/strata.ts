import { createHash } from 'node:crypto';
import { html } from 'htm/preact';
import type { VNode } from 'preact';

const LAYERS = 5;
const TINTS = 6;

/**
 * Layers of rock cut by a fault: stands for a picture that does not exist yet. The same `seed`
 * always gives the same drawing, so a product looks alike on every page.
 */
export function strata(seed: string, viewBox: { width: number; height: number }): VNode {
  const bytes = createHash('sha256').update(seed).digest();
  const byte = (index: number) => (bytes[index % bytes.length] ?? 0) / 255;
  const { width, height } = viewBox;
  const cut = width * (0.35 + 0.3 * byte(0));
  const lean = width * 0.14 * (byte(1) - 0.5);
  const drop = height * (0.07 + 0.08 * byte(2));
  const faultAt = (y: number) => cut + lean * (1 - (2 * y) / height);
  const layers = Array.from({ length: LAYERS }, (_, index) => {
    const top = height * (0.24 + (index * 0.68) / LAYERS) + height * 0.07 * byte(3 + index);
    return { index, top, dip: height * 0.12 * (byte(9 + index) - 0.5) };
  });
  const point = (x: number, y: number) => `${round(x)} ${round(y)}`;
  const foot = point(faultAt(height), height);
  const left = (outer: number, inner: number) =>
    `M0 ${height}L${point(0, outer)}L${point(faultAt(inner), inner)}L${foot}Z`;
  const right = (outer: number, inner: number) =>
    `M${width} ${height}L${point(width, outer)}L${point(faultAt(inner), inner)}L${foot}Z`;
  return html`<svg
    class="strata tint-${1 + ((bytes[20] ?? 0) % TINTS)}"
    viewBox="0 0 ${width} ${height}"
    preserveAspectRatio="xMidYMid slice"
    aria-hidden="true"
    focusable="false"
  >
    ${layers.map(
      ({ index, top, dip }) =>
        html`<path
          class="layer-${index + 1}"
          d=${left(top, top + dip) + right(top + drop - dip, top + dip + drop)}
        />`,
    )}
    <path class="fault" d="M${point(faultAt(0), 0)}L${foot}" />
  </svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
