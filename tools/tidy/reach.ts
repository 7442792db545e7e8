import { posix } from 'node:path';
import {
  isExportDeclaration,
  isImportDeclaration,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
} from 'typescript/unstable/ast';
import { importsOf } from './imports.ts';
import { walk } from './parse.ts';
import { isMigration, type Project } from './project.ts';

/** Files that are started by name from a manifest, a script, a configuration or another program. */
export function startedByName(project: Project): Set<string> {
  const sources = new Set(project.units.map(({ path }) => path));
  const started = new Set<string>();
  const start = (from: string, mention: string) => {
    const places = [mention, ...ancestors(from).map((folder) => posix.join(folder, mention))];
    for (const place of places) if (sources.has(place)) started.add(place);
  };
  for (const [path, text] of project.texts) {
    if (sources.has(path) || path.endsWith('.md')) continue;
    for (const [mention] of text.matchAll(/[\w./-]+\.(?:tsx?|mjs)\b/g)) start(path, mention);
  }
  for (const { path, ast } of project.units) {
    walk(ast, (node) => {
      if (isImportDeclaration(node) || isExportDeclaration(node)) return false;
      const isText = isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node);
      if (isText && /^[\w./-]+\.(ts|mjs)$/.test(node.text)) start(path, node.text);
      return true;
    });
  }
  return started;
}

/** Everything that the given files import, directly or through others, themselves included. */
export function reachable(project: Project, roots: Iterable<string>): Set<string> {
  const imports = importsOf(project);
  const reached = new Set<string>();
  const pending = [...roots];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { file } of imports.get(path) ?? []) {
      // A test of its own does not make a file useful.
      if (file !== undefined && !isOwnTest(path, file)) pending.push(file);
    }
  }
  return reached;
}

/** Files that run without being imported. */
export function entryPoints(project: Project): Set<string> {
  const roots = startedByName(project);
  for (const { path } of project.units) {
    const isEntry =
      path.endsWith('.test.ts') || isMigration(path) || /\/web\/[^/]+\.ts$/.test(path);
    if (isEntry) roots.add(path);
  }
  return roots;
}

function isOwnTest(test: string, file: string): boolean {
  return test.replace(/\.test\.ts$/, '.ts') === file;
}

function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let at = posix.dirname(path); at !== '.' && at !== '/'; at = posix.dirname(at)) {
    folders.push(at);
  }
  return folders;
}
