import { EngineError } from '../../engine-error.ts';
import type { Release } from './release.ts';
import { run } from './run.ts';

type Files = Release['diff']['files'];

/** Which files differ between two source trees, and by how many lines. */
export async function summarizeDiff(before: string, after: string): Promise<Files> {
  const output = await compare(['--numstat', '-z', '--no-renames'], { before, after });
  const fields = output.split('\0');
  const files: Files = [];
  // Each file: "added\tremoved\t", then the old path and the new one.
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [added = '', removed = ''] = fields[at]?.split('\t') ?? [];
    const [old = '', now = ''] = fields.slice(at + 1, at + 3);
    const path = now.startsWith(after) ? now.slice(after.length + 1) : old.slice(before.length + 1);
    if (isOurs(path))
      files.push({ path, added: Number(added) || 0, removed: Number(removed) || 0 });
  }
  return files;
}

/** The differences themselves, as a patch. */
export async function diffText(before: string, after: string): Promise<string> {
  const output = await compare(['--no-renames'], { before, after });
  const files = output.split(/^(?=diff --git )/m);
  const shown = files.map((text) => text.replaceAll(before, 'a').replaceAll(after, 'b'));
  return shown
    .filter((text) => isOurs(/^diff --git \S*?(?:a|b)\/(\S+)/.exec(text)?.[1] ?? ''))
    .join('');
}

function isOurs(path: string): boolean {
  return !/(^|\/)(node_modules|dist)(\/|$)|^(package(-lock)?|tsconfig)\.json$/.test(path);
}

async function compare(
  options: readonly string[],
  { before, after }: { before: string; after: string },
): Promise<string> {
  const args = ['-c', 'core.quotePath=false', 'diff', '--no-index', ...options, before, after];
  const { code, output } = await run('git', args, { cwd: after });
  // 1: they differ.
  if (code === 0 || code === 1) return output;
  throw new EngineError(`compare ${before} with ${after}: ${output.trim()}`);
}
