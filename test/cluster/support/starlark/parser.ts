import { Cursor } from './cursor.ts';
import { parseExpression, parseList, parseNames } from './expressions.ts';
import type { Parameter, Statement } from './syntax.ts';

/** The statements of a file. Throws with file and line at what is no Starlark, or none known here. */
export function parseFile(source: string, file: string): Statement[] {
  const cursor = new Cursor(source, file);
  const statements: Statement[] = [];
  while (!cursor.isKind('end')) statements.push(parseStatement(cursor));
  return statements;
}

function parseStatement(cursor: Cursor): Statement {
  const { line } = cursor.token;
  if (cursor.take('def')) return parseDef(cursor, line);
  if (cursor.take('if')) return parseIf(cursor, line);
  if (cursor.take('for')) {
    const names = parseNames(cursor);
    cursor.expect('in');
    const over = parseExpression(cursor);
    return { kind: 'for', names, over, body: parseBlock(cursor), line };
  }
  const statement = parseSimple(cursor, line);
  if (!cursor.takeKind('newline')) cursor.fail('expected the end of the line');
  return statement;
}

function parseSimple(cursor: Cursor, line: number): Statement {
  if (cursor.take('pass')) return { kind: 'pass', line };
  if (cursor.take('load')) return parseLoad(cursor, line);
  if (cursor.take('return')) {
    const value = cursor.isKind('newline') ? undefined : parseExpression(cursor);
    return { kind: 'return', value, line };
  }
  const target = parseExpression(cursor);
  if (!cursor.is('=', '+=')) return { kind: 'expression', value: target, line };
  if (!['name', 'index'].includes(target.kind)) cursor.fail('expected something to assign to');
  const operator = cursor.next().text;
  return { kind: 'assign', target, operator, value: parseExpression(cursor), line };
}

function parseLoad(cursor: Cursor, line: number): Statement {
  cursor.expect('(');
  const [path = '', ...names] = parseList(cursor, ')', (one) => one.expectKind('text'));
  if (names.length === 0) cursor.fail('expected names to load');
  return { kind: 'load', path, names, line };
}

function parseDef(cursor: Cursor, line: number): Statement {
  const name = cursor.expectKind('name');
  cursor.expect('(');
  const parameters = parseList(cursor, ')', parseParameter);
  return { kind: 'def', name, parameters, body: parseBlock(cursor), line };
}

function parseParameter(cursor: Cursor): Parameter {
  const isRest = cursor.take('*');
  const name = cursor.expectKind('name');
  return { name, isRest, fallback: cursor.take('=') ? parseExpression(cursor) : undefined };
}

function parseIf(cursor: Cursor, line: number): Statement {
  const test = parseExpression(cursor);
  const yes = parseBlock(cursor);
  const next = cursor.token.line;
  if (cursor.take('elif')) {
    return { kind: 'if', test, yes, otherwise: [parseIf(cursor, next)], line };
  }
  const otherwise = cursor.take('else') ? parseBlock(cursor) : [];
  return { kind: 'if', test, yes, otherwise, line };
}

function parseBlock(cursor: Cursor): Statement[] {
  cursor.expect(':');
  if (!cursor.takeKind('newline')) return [parseStatement(cursor)];
  if (!cursor.takeKind('indent')) cursor.fail('expected an indented block');
  const body: Statement[] = [];
  while (!cursor.takeKind('dedent')) body.push(parseStatement(cursor));
  return body;
}
