import type { Service } from './manifests/model.ts';
import type { Secrets } from './stores/secrets.ts';

/** The Services' notes, with `$(secret:name/key)` replaced by that Secret's value. */
export function expandNotes(services: readonly Service[], secrets: Secrets): Promise<string[]> {
  return Promise.all(services.flatMap(({ notes }) => notes).map((note) => expand(note, secrets)));
}

async function expand(note: string, secrets: Secrets): Promise<string> {
  let text = note;
  for (const [all, name = '', key = ''] of note.matchAll(/\$\(secret:([^/)]+)\/([^)]+)\)/g)) {
    text = text.replace(all, (await secrets.read(name, key)) ?? '(unknown)');
  }
  return text;
}
