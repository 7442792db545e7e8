import {
  isArrowFunction,
  isBinaryExpression,
  isCaseClause,
  isCatchClause,
  isConditionalExpression,
  isConstructorDeclaration,
  isDoStatement,
  isForInStatement,
  isForOfStatement,
  isForStatement,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isIfStatement,
  isMethodDeclaration,
  isSetAccessorDeclaration,
  isSwitchStatement,
  isVariableDeclaration,
  isWhileStatement,
  SyntaxKind,
  type ArrowFunction,
  type ConstructorDeclaration,
  type FunctionDeclaration,
  type FunctionExpression,
  type GetAccessorDeclaration,
  type MethodDeclaration,
  type Node,
  type SetAccessorDeclaration,
} from 'typescript/unstable/ast';
import { endLineOf, findAll, isExported, lineOf, walk } from './parse.ts';
import type { Unit } from './project.ts';

export type FunctionNode =
  | ArrowFunction
  | ConstructorDeclaration
  | FunctionDeclaration
  | FunctionExpression
  | GetAccessorDeclaration
  | MethodDeclaration
  | SetAccessorDeclaration;

export type FunctionInfo = {
  path: string;
  line: number;
  name: string;
  node: FunctionNode;
  /** From its first line to its last, functions inside it included. */
  lines: number;
  /** Callable from other modules by its own name. */
  exported: boolean;
};

const logicalOperators = new Set([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
]);

/** Every function with a body. */
export function functionsOf(unit: Unit): FunctionInfo[] {
  return findAll(unit.ast, isFunction)
    .filter((node) => node.body !== undefined)
    .map((node) => {
      const line = lineOf(unit.ast, node);
      return {
        path: unit.path,
        line,
        name: nameOf(node),
        node,
        lines: endLineOf(unit.ast, node) - line + 1,
        exported: isExportedFunction(node),
      };
    });
}

/** Number of independent paths through the function, those of functions inside it left out. */
export function complexityOf(node: FunctionNode): number {
  let paths = 1;
  walkOwn(node, (inner) => {
    if (isBranch(inner)) paths++;
  });
  return paths;
}

/** How deep conditions, loops and switches stand in one another; `else if` is no deeper. */
export function nestingOf(node: FunctionNode): number {
  return node.body === undefined ? 0 : deepest(node.body);
}

function deepest(node: Node): number {
  let depth = 0;
  node.forEachChild((child) => {
    if (isFunction(child)) return;
    const isElseIf = isIfStatement(node) && isIfStatement(child) && node.elseStatement === child;
    depth = Math.max(depth, deepest(child) + (isBlockBranch(child) && !isElseIf ? 1 : 0));
  });
  return depth;
}

function walkOwn(node: FunctionNode, visit: (inner: Node) => void): void {
  walk(node, (inner) => {
    if (inner !== node && isFunction(inner)) return false;
    visit(inner);
    return true;
  });
}

export function isFunction(node: Node): node is FunctionNode {
  return (
    isFunctionDeclaration(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isFunctionExpression(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  );
}

function isLoop(node: Node): boolean {
  return (
    isForStatement(node) ||
    isForOfStatement(node) ||
    isForInStatement(node) ||
    isWhileStatement(node) ||
    isDoStatement(node)
  );
}

function isBlockBranch(node: Node): boolean {
  return isIfStatement(node) || isSwitchStatement(node) || isLoop(node);
}

function isBranch(node: Node): boolean {
  return (
    isIfStatement(node) ||
    isLoop(node) ||
    isCaseClause(node) ||
    isCatchClause(node) ||
    isConditionalExpression(node) ||
    (isBinaryExpression(node) && logicalOperators.has(node.operatorToken.kind))
  );
}

function nameOf(node: FunctionNode): string {
  if (isConstructorDeclaration(node)) return 'constructor';
  const name = isArrowFunction(node) ? undefined : node.name;
  if (name !== undefined && 'text' in name) return String(name.text);
  const { parent } = node;
  if (isVariableDeclaration(parent) && isIdentifier(parent.name)) return parent.name.text;
  return 'anonymous function';
}

function isExportedFunction(node: FunctionNode): boolean {
  if (isFunctionDeclaration(node)) return isExported(node);
  // export const name = () => …
  const { parent } = node;
  return isVariableDeclaration(parent) && isExported(parent.parent.parent);
}
