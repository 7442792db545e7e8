import type { Cursor } from './cursor.ts';
import type { Argument, Clause, Expression } from './syntax.ts';

/** From the loosest to the tightest. */
const levels = [
  ['or'],
  ['and'],
  ['==', '!=', '<', '>', '<=', '>=', 'in', 'not in'],
  ['|'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];
const constants: Readonly<Record<string, null | boolean>> = {
  None: null,
  True: true,
  False: false,
};

export function parseExpression(cursor: Cursor): Expression {
  const yes = parseBinary(cursor, 0);
  const { line } = cursor.token;
  if (!cursor.take('if')) return yes;
  const test = parseBinary(cursor, 0);
  cursor.expect('else');
  return { kind: 'conditional', test, yes, otherwise: parseExpression(cursor), line };
}

function parseBinary(cursor: Cursor, level: number): Expression {
  const operators = levels[level];
  if (operators === undefined) return parseUnary(cursor);
  if (level === 2 && cursor.is('not')) return parseNot(cursor);
  let left = parseBinary(cursor, level + 1);
  for (;;) {
    const { line } = cursor.token;
    const operator = takeOperator(cursor, operators);
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: parseBinary(cursor, level + 1), line };
  }
}

function takeOperator(cursor: Cursor, operators: readonly string[]): string | undefined {
  if (operators.includes('not in') && cursor.take('not')) {
    cursor.expect('in');
    return 'not in';
  }
  return cursor.is(...operators) ? cursor.next().text : undefined;
}

function parseNot(cursor: Cursor): Expression {
  const { line } = cursor.next();
  return { kind: 'unary', operator: 'not', operand: parseBinary(cursor, 2), line };
}

function parseUnary(cursor: Cursor): Expression {
  if (!cursor.is('-')) return parsePostfix(cursor);
  const { line } = cursor.next();
  return { kind: 'unary', operator: '-', operand: parseUnary(cursor), line };
}

function parsePostfix(cursor: Cursor): Expression {
  let value = parseAtom(cursor);
  for (;;) {
    const { line } = cursor.token;
    if (cursor.take('.')) {
      value = { kind: 'attribute', of: value, name: cursor.expectKind('name'), line };
    } else if (cursor.take('(')) {
      value = { kind: 'call', callee: value, args: parseList(cursor, ')', parseArgument), line };
    } else if (cursor.take('[')) {
      value = { kind: 'index', of: value, at: parseExpression(cursor), line };
      cursor.expect(']');
    } else return value;
  }
}

function parseArgument(cursor: Cursor): Argument {
  const isSpread = cursor.take('*');
  const isNamed = cursor.isKind('name') && cursor.isFollowedBy('=');
  const name = isNamed ? cursor.next().text : undefined;
  if (isNamed) cursor.expect('=');
  return { name, isSpread, value: parseExpression(cursor) };
}

/** Items with commas between them, up to the closing bracket. */
export function parseList<T>(cursor: Cursor, end: string, parse: (cursor: Cursor) => T): T[] {
  const items: T[] = [];
  while (!cursor.take(end)) {
    items.push(parse(cursor));
    if (!cursor.is(end)) cursor.expect(',');
  }
  return items;
}

function parseAtom(cursor: Cursor): Expression {
  const { line } = cursor.token;
  if (cursor.isKind('number')) return { kind: 'constant', value: Number(cursor.next().text), line };
  if (cursor.isKind('text')) return { kind: 'constant', value: cursor.next().text, line };
  if (cursor.isKind('name')) {
    const name = cursor.next().text;
    const constant = constants[name];
    return constant === undefined
      ? { kind: 'name', name, line }
      : { kind: 'constant', value: constant, line };
  }
  if (cursor.take('(')) {
    const inner = parseExpression(cursor);
    if (cursor.take(')')) return inner;
    cursor.expect(',');
    // Tuples are lists here: nothing in this project depends on the difference.
    return { kind: 'list', items: [inner, ...parseList(cursor, ')', parseExpression)], line };
  }
  if (cursor.take('[')) return parseListAtom(cursor, line);
  if (cursor.take('{')) return parseDictAtom(cursor, line);
  return cursor.fail('expected a value');
}

function parseListAtom(cursor: Cursor, line: number): Expression {
  if (cursor.take(']')) return { kind: 'list', items: [], line };
  const item = parseExpression(cursor);
  if (cursor.is('for')) {
    return {
      kind: 'comprehension',
      key: undefined,
      item,
      clauses: parseClauses(cursor, ']'),
      line,
    };
  }
  if (!cursor.is(']')) cursor.expect(',');
  return { kind: 'list', items: [item, ...parseList(cursor, ']', parseExpression)], line };
}

function parseDictAtom(cursor: Cursor, line: number): Expression {
  if (cursor.take('}')) return { kind: 'dict', entries: [], line };
  const [key, item] = parseEntry(cursor);
  if (cursor.is('for')) {
    return { kind: 'comprehension', key, item, clauses: parseClauses(cursor, '}'), line };
  }
  if (!cursor.is('}')) cursor.expect(',');
  return { kind: 'dict', entries: [[key, item], ...parseList(cursor, '}', parseEntry)], line };
}

function parseEntry(cursor: Cursor): [Expression, Expression] {
  const key = parseExpression(cursor);
  cursor.expect(':');
  return [key, parseExpression(cursor)];
}

function parseClauses(cursor: Cursor, end: string): Clause[] {
  const clauses: Clause[] = [];
  while (!cursor.take(end)) {
    if (cursor.take('if')) clauses.push({ kind: 'if', test: parseBinary(cursor, 0) });
    else {
      cursor.expect('for');
      const names = parseNames(cursor);
      cursor.expect('in');
      clauses.push({ kind: 'for', names, over: parseBinary(cursor, 0) });
    }
  }
  return clauses;
}

/** What a loop assigns to. */
export function parseNames(cursor: Cursor): string[] {
  const names = [cursor.expectKind('name')];
  while (cursor.take(',')) names.push(cursor.expectKind('name'));
  return names;
}
