import { posix } from 'node:path';
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNamedExports,
  isNamedImports,
  isNewExpression,
  isStringLiteral,
  SyntaxKind,
  type ExportDeclaration,
  type ImportDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { lineOf, walk } from './parse.ts';
import type { Project, Unit } from './project.ts';

/** One mention of another module. */
export type Import = {
  specifier: string;
  line: number;
  /** Erased before the program runs. */
  typeOnly: boolean;
  /** Only its address is taken: `new URL('./worker.ts', import.meta.url)`. */
  address?: true;
  /** Names taken from it; `*` for all or unknown. */
  names: string[];
  /** The file of this project that it means, or the name of a package. */
  file?: string;
  package?: string;
};

const cache = new WeakMap<Project, Map<string, Import[]>>();

/** Everything each file imports, by the path of the file. */
export function importsOf(project: Project): Map<string, Import[]> {
  const known = cache.get(project);
  if (known !== undefined) return known;
  const workspaces = workspaceFolders(project);
  const imports = new Map(
    project.units.map((unit) => [
      unit.path,
      mentionsIn(unit).map((found) => ({ ...found, ...resolve(unit, found, workspaces) })),
    ]),
  );
  cache.set(project, imports);
  return imports;
}

/** Folders of the workspaces by package name. */
function workspaceFolders(project: Project): Map<string, string> {
  const folders = new Map<string, string>();
  for (const [path, text] of project.texts) {
    if (!path.endsWith('/package.json')) continue;
    folders.set(String(JSON.parse(text).name), posix.dirname(path));
  }
  return folders;
}

function resolve(unit: Unit, { specifier }: Import, workspaces: Map<string, string>) {
  if (specifier.startsWith('.')) {
    return { file: posix.join(posix.dirname(unit.path), specifier) };
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const folder = workspaces.get(name);
  if (folder === undefined) return { package: name };
  return { file: `${folder}/src/${specifier.slice(name.length + 1)}.ts`, package: name };
}

function mentionsIn(unit: Unit): Import[] {
  const found: Import[] = [];
  walk(unit.ast, (node) => {
    const at = mentionAt(node);
    if (at !== undefined) found.push({ ...at, line: lineOf(unit.ast, node) });
  });
  return found;
}

function mentionAt(node: Node): Omit<Import, 'line'> | undefined {
  if (isImportDeclaration(node)) return declaration(node, importedNames(node));
  if (isExportDeclaration(node)) return declaration(node, reexportedNames(node));
  if (isImportTypeNode(node)) {
    const literal = isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
    return literal && mention(literal, true);
  }
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    return mention(node.arguments[0], false);
  }
  // new URL('./worker.ts', import.meta.url)
  const isUrl = isNewExpression(node) && node.arguments?.[1]?.getText() === 'import.meta.url';
  if (!isUrl) return undefined;
  const url = mention(node.arguments?.[0], false);
  return url && { ...url, specifier: `./${url.specifier}`, address: true };
}

function mention(literal: Node | undefined, typeOnly: boolean) {
  if (literal === undefined || !isStringLiteral(literal)) return undefined;
  return { specifier: literal.text, typeOnly, names: ['*'] };
}

function declaration(node: ImportDeclaration | ExportDeclaration, names: string[]) {
  if (node.moduleSpecifier === undefined || !isStringLiteral(node.moduleSpecifier)) {
    return undefined;
  }
  const typeOnly = isImportDeclaration(node)
    ? node.importClause?.phaseModifier === SyntaxKind.TypeKeyword
    : node.isTypeOnly;
  return { specifier: node.moduleSpecifier.text, typeOnly, names };
}

function importedNames({ importClause }: ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  const names = importClause?.name === undefined ? [] : ['default'];
  if (bindings === undefined) return names;
  if (!isNamedImports(bindings)) return [...names, '*'];
  return [
    ...names,
    ...bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text),
  ];
}

function reexportedNames({ exportClause }: ExportDeclaration): string[] {
  if (exportClause === undefined || !isNamedExports(exportClause)) return ['*'];
  return exportClause.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
}
