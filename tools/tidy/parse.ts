import { SyntaxKind, type Node, type SourceFile } from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

/**
 * Parses sources by path, all at once: each call costs the start of a compiler process. Nothing
 * is resolved or type-checked, so the sources need not be on disk nor make sense together.
 */
export function parseSources(sources: ReadonlyMap<string, string>): Map<string, SourceFile> {
  const files: Record<string, string> = {};
  for (const [path, text] of sources) files[`/${path}`] = text;
  const compilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    allowJs: true,
    jsx: 'preserve',
  };
  const config = '/tsconfig.json';
  files[config] = JSON.stringify({ compilerOptions, files: Object.keys(files) });

  const api = new API({ cwd: '/', fs: createVirtualFileSystem(files) });
  try {
    using snapshot = api.updateSnapshot({ openProjects: [config] });
    const project = snapshot.getProject(config);
    const parsed = new Map<string, SourceFile>();
    for (const path of sources.keys()) {
      const ast = project?.program.getSourceFile(`/${path}`);
      if (ast === undefined) throw new Error(`parse ${path}: the compiler did not return it`);
      parsed.set(path, ast);
    }
    return parsed;
  } finally {
    api.close();
  }
}

/** Visits the node and everything below it; `visit` answers false to leave out what is below. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  node.forEachChild((child) => walk(child, visit));
}

/** All nodes of a file that pass the test, outermost first. */
export function findAll<T extends Node>(root: Node, test: (node: Node) => node is T): T[] {
  const found: T[] = [];
  walk(root, (node) => {
    if (test(node)) found.push(node);
  });
  return found;
}

/** 1-based line on which the node starts, comments before it left out. */
export function lineOf(ast: SourceFile, node: Node): number {
  return ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1;
}

/** 1-based line on which the node ends. */
export function endLineOf(ast: SourceFile, node: Node): number {
  return ast.getLineAndCharacterOfPosition(node.end).line + 1;
}

/** Whether a declaration carries the modifier. */
export function hasModifier(node: Node, kind: SyntaxKind): boolean {
  const modifiers: unknown = Reflect.get(node, 'modifiers');
  return Array.isArray(modifiers) && modifiers.some((modifier) => modifier.kind === kind);
}

export function isExported(node: Node): boolean {
  return hasModifier(node, SyntaxKind.ExportKeyword);
}
