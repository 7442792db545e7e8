import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../engine-error.ts';
import type { Release } from './release.ts';
import { run } from './run.ts';
import type { Workspace } from './workspaces.ts';

type Files = Release['diff']['files'];

/** Two source trees, and the packages of which the difference is asked for. */
export type Compared = { before: string; after: string; workspaces: readonly Workspace[] };

/** Which files differ, and by how many lines. */
export async function summarizeDiff(compared: Compared): Promise<Files> {
  const outputs = await compare(['--numstat', '-z'], compared);
  return outputs.flatMap((output) => parseNumbers(output, compared)).filter(isOurs);
}

/** The differences themselves, as a patch with paths from the project's root. */
export async function diffText(compared: Compared): Promise<string> {
  const { before, after } = compared;
  const outputs = await compare([], compared);
  return outputs
    .flatMap((output) => output.split(/^(?=diff --git )/m))
    .map((text) => text.replaceAll(before, '').replaceAll(after, ''))
    .filter((text) => isOurs({ path: /^diff --git a\/(\S+)/.exec(text)?.[1] ?? 'node_modules' }))
    .join('');
}

function parseNumbers(output: string, { before, after }: Compared): Files {
  const fields = output.split('\0');
  const files: Files = [];
  // Each file: "added\tremoved\t", then the old path and the new one.
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [added, removed] = fields[at]?.split('\t') ?? [];
    const [old = '', now = ''] = fields.slice(at + 1, at + 3);
    const path = now.startsWith(after) ? now.slice(after.length + 1) : old.slice(before.length + 1);
    files.push({ path, added: Number(added) || 0, removed: Number(removed) || 0 });
  }
  return files;
}

function isOurs({ path }: { path: string }): boolean {
  return !/(^|\/)(node_modules|dist)(\/|$)/.test(path);
}

function compare(
  options: readonly string[],
  { before, after, workspaces }: Compared,
): Promise<string[]> {
  const common = workspaces.filter(({ folder }) => existsSync(join(before, folder)));
  return Promise.all(
    common.map(async ({ folder }) => {
      const folders = [join(before, folder), join(after, folder)];
      const settings = ['-c', 'core.quotePath=false'];
      const args = [...settings, 'diff', '--no-index', '--no-renames', ...options, ...folders];
      const { code, output } = await run('git', args, { cwd: after });
      // 1: they differ.
      if (code === 0 || code === 1) return output;
      throw new EngineError(`compare ${folders.join(' with ')}: ${output.trim()}`);
    }),
  );
}
