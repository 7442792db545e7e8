import { readFile } from 'node:fs/promises';
import { expect } from 'chai';

const TEXT = 4.5;
const CONTROL = 3;

/** What stands on what, and how much they have to differ (WCAG 2.2, 1.4.3 and 1.4.11). */
const pairs: readonly [front: string, back: string, ratio: number][] = [
  ...['paper', 'surface', 'sunken'].flatMap((back): [string, string, number][] => [
    ['ink', back, TEXT],
    ['muted', back, TEXT],
  ]),
  ...['accent', 'accent-strong', 'good', 'warn', 'bad'].flatMap(
    (front): [string, string, number][] => [
      [front, 'paper', TEXT],
      [front, 'surface', TEXT],
    ],
  ),
  ['on-accent', 'accent', TEXT],
  ['on-accent', 'accent-strong', TEXT],
  ['good', 'good-soft', TEXT],
  ['warn', 'warn-soft', TEXT],
  ['bad', 'bad-soft', TEXT],
  ['field', 'paper', CONTROL],
  ['field', 'surface', CONTROL],
  ['focus', 'paper', CONTROL],
  ['focus', 'surface', CONTROL],
];

function tokensOf(css: string): Map<string, string> {
  return new Map(
    [...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex]),
  );
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('storefront: colours', () => {
  let light: Map<string, string>;
  let dark: Map<string, string>;
  before(async () => {
    const css = await readFile(new URL('../public/base.css', import.meta.url), 'utf8');
    const [first = '', second = ''] = css.split('@media (prefers-color-scheme: dark)');
    light = tokensOf(first);
    dark = tokensOf(second);
  });

  for (const [front, back, ratio] of pairs) {
    it(`${front} stands out on ${back}, by day and by night`, () => {
      for (const tokens of [light, dark]) {
        const colours = [tokens.get(front) ?? '', tokens.get(back) ?? ''] as const;
        expect(contrast(...colours), colours.join(' on ')).to.be.at.least(ratio);
      }
    });
  }
});
