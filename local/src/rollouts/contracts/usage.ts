import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Which exports of which contract files a service uses; `all` where nobody can tell. */
export type Usage = ReadonlyMap<string, ReadonlySet<string> | 'all'>;

const importPattern =
  /import\s+(?:type\s+)?(?<what>\*\s+as\s+\w+|\{[^}]*\})\s+from\s+'(?:@faultline\/contracts\/|\.\/)(?<file>[\w-]+)(?:\.ts)?'/g;

/** Reads off its imports what a service of a source tree uses of the contracts. */
export async function readUsage(tree: string, service: string): Promise<Usage> {
  const usage = new Map<string, Set<string> | 'all'>();
  const folder = join(tree, 'services', service, 'src');
  const names = await readdir(folder, { recursive: true });
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFile(join(folder, name), 'utf8')),
  );
  const found = texts.flatMap((text) => importsIn(text, /'@faultline\/contracts\//));
  const waiting = [...found];
  const followed = new Set<string>();
  while (waiting.length > 0) {
    const { file, exports } = waiting.pop() ?? { file: '', exports: 'all' };
    add(usage, file, exports);
    if (followed.has(file)) continue;
    followed.add(file);
    // What a contract is made of is used with it.
    const path = join(tree, 'packages/contracts/src', `${file}.ts`);
    const text = await readFile(path, 'utf8').catch(() => '');
    waiting.push(...importsIn(text, /'\.\//));
  }
  return usage;
}

type Import = { file: string; exports: readonly string[] | 'all' };

function importsIn(text: string, from: RegExp): Import[] {
  return [...text.matchAll(importPattern)]
    .filter(([statement]) => from.test(statement))
    .map(({ groups }) => {
      const what = groups?.['what'] ?? '';
      const file = groups?.['file'] ?? '';
      return { file, exports: what.startsWith('*') ? 'all' : namesIn(what) };
    });
}

/** `{ a, type b, c as d }` */
function namesIn(list: string): string[] {
  return list
    .replaceAll(/[{}]/g, '')
    .split(',')
    .map(
      (entry) =>
        entry
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((name) => name !== '');
}

function add(
  usage: Map<string, Set<string> | 'all'>,
  file: string,
  exports: readonly string[] | 'all',
): void {
  const known = usage.get(file) ?? new Set<string>();
  if (known === 'all' || exports === 'all') usage.set(file, 'all');
  else usage.set(file, new Set([...known, ...exports]));
}
