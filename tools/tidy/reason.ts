import { isStatement, type Node } from 'typescript/unstable/ast';
import { endLineOf, lineOf } from './parse.ts';
import type { Unit } from './project.ts';

/** Whether a comment stands on a line of the node, or right above it or its statement. */
export function hasReason(unit: Unit, node: Node): boolean {
  let statement = node;
  while (!isStatement(statement) && statement.parent !== undefined) statement = statement.parent;
  const first = lineOf(unit.ast, node);
  const last = endLineOf(unit.ast, node);
  const near = [first - 1, lineOf(unit.ast, statement) - 1];
  for (let line = first; line <= last; line++) near.push(line);
  return near.some((line) => /\/\/|\*\/|^\s*\*/.test(unit.lines[line - 1] ?? ''));
}
