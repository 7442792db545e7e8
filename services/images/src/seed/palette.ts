type Hsl = readonly [hue: number, saturation: number, lightness: number];

const GREY: Hsl = [210, 20, 50];

const colours: Readonly<Record<string, Hsl>> = {
  black: [220, 8, 22],
  graphite: [215, 10, 32],
  slate: [210, 16, 42],
  silver: [210, 8, 72],
  smoke: [200, 12, 62],
  white: [40, 20, 93],
  opal: [45, 40, 90],
  ivory: [42, 45, 84],
  sand: [36, 38, 70],
  oak: [30, 42, 56],
  chestnut: [16, 40, 36],
  brass: [40, 55, 55],
  copper: [18, 55, 52],
  coral: [10, 74, 64],
  red: [4, 62, 52],
  orange: [24, 82, 58],
  yellow: [44, 86, 60],
  moss: [88, 26, 42],
  'fern green': [140, 28, 42],
  mint: [158, 38, 68],
  teal: [178, 42, 38],
  'sky blue': [203, 56, 62],
  'mist blue': [208, 30, 68],
  navy: [220, 42, 32],
  lavender: [256, 36, 72],
};

/** The tones a picture is painted with, by the names its shapes and scenes call them. */
export type Palette = Readonly<Record<string, string>>;

/** Harmonious tones around a named colour; `seed` varies what surrounds it. */
export function paletteOf(colour: string, options: { seed: number; evening: boolean }): Palette {
  const { seed, evening } = options;
  const [hue, saturation, lightness] = colours[colour] ?? GREY;
  const tone = (by: number) => hsl(hue, saturation, Math.min(97, Math.max(8, lightness + by)));
  const isGrey = saturation < 25;
  const around = isGrey ? pick([18, 42, 96, 168, 206, 262, 338], seed) : hue;
  const accent = isGrey ? around : hue + pick([150, 180, 205], seed >>> 4);
  const behind = around + pick(isGrey ? [0] : [0, 28, -32, 168, 196], seed >>> 2);
  return {
    base: tone(0),
    light: tone(9),
    pale: tone(19),
    dark: tone(-10),
    darker: tone(-19),
    accent: hsl(accent, 56, 62),
    accentDark: hsl(accent, 44, 46),
    ink: hsl(hue, Math.min(saturation, 28), 17),
    cream: hsl(42, 44, 94),
    backdrop: evening ? hsl(behind, 22, 30) : hsl(behind, 36, 88),
    halo: evening ? hsl(behind, 24, 34) : hsl(behind, 44, 93),
    ground: evening ? hsl(behind, 24, 23) : hsl(behind, 28, 79),
    ...landscape(seed),
  };
}

function landscape(seed: number): Palette {
  const sky = pick([206, 28, 262, 168, 340], seed >>> 5);
  const land = pick([132, 96, 158, 112], seed >>> 7);
  return {
    sky: hsl(sky, 46, 88),
    mountain: hsl(sky, 30, 76),
    meadow: hsl(land, 24, 62),
    grass: hsl(land, 28, 50),
    tree: hsl(land, 28, 36),
  };
}

function pick(choices: readonly number[], seed: number): number {
  return choices[seed % choices.length] ?? 0;
}

function hsl(hue: number, saturation: number, lightness: number): string {
  return `hsl(${(hue + 720) % 360}, ${saturation}%, ${lightness}%)`;
}
