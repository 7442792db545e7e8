import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Manifest } from './manifest.ts';

/** A ConfigMap made from files, and the name by which others ask for it. */
export type Generated = { name: string; manifest: Manifest };

/** Hexadecimal without what could spell a word. */
const replaced: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };

/** As kustomize does: named by its content, so that what reads it starts anew when it changes. */
export function generateConfigMap(
  dir: string,
  { name, files }: { name: string; files: readonly string[] },
): Generated {
  const entries = files.map((file) => [basename(file), readFileSync(join(dir, file), 'utf8')]);
  const data: Record<string, string> = Object.fromEntries(entries.toSorted());
  const manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-${hashOf(data)}` },
    data,
  };
  return { name, manifest };
}

function hashOf(data: Record<string, string>): string {
  // Go's encoder escapes what could end a script element.
  const text = JSON.stringify({ data, kind: 'ConfigMap', name: '' }).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const hex = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return hex.replace(/[013ae]/g, (digit) => replaced[digit] ?? digit);
}

/** A copy that asks for generated ConfigMaps by their full names. */
export function pointAtGenerated(manifest: Manifest, generated: readonly Generated[]): Manifest {
  if (generated.length === 0) return manifest;
  const copy = structuredClone(manifest);
  rename(copy, new Map(generated.map((one) => [one.name, one.manifest.metadata.name])));
  return copy;
}

function rename(value: unknown, names: ReadonlyMap<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (/^configMap(Ref|KeyRef)?$/.test(key)) {
      const full = names.get(String(Reflect.get(item, 'name')));
      if (full !== undefined) Reflect.set(item, 'name', full);
    } else rename(item, names);
  }
}
