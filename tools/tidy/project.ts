import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceFile } from 'typescript/unstable/ast';
import { parseSources } from './parse.ts';

/** One source file. Paths are relative to the root, with `/`. */
export type Unit = { path: string; lines: string[]; ast: SourceFile };

/** Everything the rules look at. */
export type Project = {
  units: Unit[];
  /** Text files of any kind, sources included. */
  texts: ReadonlyMap<string, string>;
  /** Bytes of every file. */
  sizes: ReadonlyMap<string, number>;
};

const skippedFolders = new Set(['node_modules', '.git', '.faultline', 'dist']);
const binaryFile = /\.(png|jpe?g|webp|avif|gif|ico|woff2?|pdf|gz)$/;

export function loadProject(root: string): Project {
  const texts = new Map<string, string>();
  const sizes = new Map<string, number>();
  for (const path of listFiles(root, '')) {
    const absolute = join(root, path);
    sizes.set(path, statSync(absolute).size);
    if (!binaryFile.test(path)) texts.set(path, readFileSync(absolute, 'utf8'));
  }
  const units = [...parseSources(sourcesIn(texts))].map(([path, ast]) => unitOf(path, ast));
  return { units, texts, sizes };
}

/** The files among these that are parsed. */
export function sourcesIn(texts: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...texts].filter(([path]) => /\.(tsx?|mjs)$/.test(path)));
}

export function unitOf(path: string, ast: SourceFile): Unit {
  return { path, lines: ast.text.replace(/\n$/, '').split('\n'), ast };
}

function listFiles(root: string, dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
    if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : listFiles(root, path);
    return entry.isFile() && !entry.name.endsWith('.log') ? [path] : [];
  });
}

/** Tests and what only they use. */
export function isTest(path: string): boolean {
  return /\.test\.ts$|(^|\/)test(ing)?\//.test(path);
}

/** What we ship; not the tests, tools and benchmarks around it. */
export function isProduct(path: string): boolean {
  return /^(services|packages|observability|mesh|local)\//.test(path) && !isTest(path);
}

/** Code for the browser. */
export function isWeb(path: string): boolean {
  return /^(services|observability)\/[^/]+\/web\//.test(path);
}

/** Files that a database migration runner loads by folder. */
export function isMigration(path: string): boolean {
  return path.includes('/migrations/');
}

export function productUnits(project: Project): Unit[] {
  return project.units.filter(({ path }) => isProduct(path));
}

export function testUnits(project: Project): Unit[] {
  return project.units.filter(({ path }) => isTest(path));
}

export function countLines(units: Unit[]): number {
  return units.reduce((sum, { lines }) => sum + lines.length, 0);
}
