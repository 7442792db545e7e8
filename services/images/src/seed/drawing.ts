import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { paletteOf } from './palette.ts';

const SIDE_PX = 640;
/** Shapes and scenes are drawn in a square of this side. */
const SIDE = 600;
const SEED_DIR = new URL('../../seed/', import.meta.url);

/** What to draw: which shape, in front of which scene, in which colour. */
const pictures = z.array(
  z.strictObject({
    slug: z.string(),
    shape: z.string().regex(/^[a-z0-9-]+$/),
    scene: z.enum(['studio', 'evening', 'meadow', 'beach']),
    colour: z.string(),
  }),
);
export type Picture = z.output<typeof pictures>[number];

/** The pictures of the demonstration products. */
export async function readPictures(): Promise<Picture[]> {
  return pictures.parse(JSON.parse(await readFile(new URL('pictures.json', SEED_DIR), 'utf8')));
}

/** The picture of a product as SVG: always the same for the same product. */
export async function drawing({ slug, shape, scene, colour }: Picture): Promise<string> {
  const seed = createHash('sha256').update(slug).digest().readUInt32BE(0);
  const palette = paletteOf(colour, { seed, evening: scene === 'evening' });
  const values = { ...palette, x: String(SIDE / 4 + (seed % (SIDE / 2))) };
  const parts = [`scenes/${scene === 'evening' ? 'studio' : scene}.svg`, `shapes/${shape}.svg`].map(
    (file) => readFile(new URL(file, SEED_DIR), 'utf8'),
  );
  const body = fill((await Promise.all(parts)).join(''), values);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE_PX}" height="${SIDE_PX}" viewBox="0 0 ${SIDE} ${SIDE}">${body}</svg>`;
}

/** Replaces each `{name}` of a template. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`a drawing names the tone ${name}, which is not known`);
    return value;
  });
}
