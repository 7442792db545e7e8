import { attributeOf, itemOf } from './methods.ts';
import { operate } from './operators.ts';
import type { Argument, Clause, Expression, Parameter, Statement } from './syntax.ts';
import { type Call, Callable, isTrue, itemsOf, typeOf, type Value } from './values.ts';

/** Names and what they stand for, within those around them. */
export class Scope {
  readonly file: string;
  readonly names: Map<string, Value>;
  readonly #outer: Scope | undefined;

  constructor(file: string, names: Map<string, Value>, outer?: Scope) {
    this.file = file;
    this.names = names;
    this.#outer = outer;
  }

  get(name: string): Value {
    const value = this.names.get(name);
    if (value !== undefined) return value;
    if (this.#outer) return this.#outer.get(name);
    throw new Error(`undefined: ${name}`);
  }
}

type Load = (path: string, from: string) => ReadonlyMap<string, Value>;
type Context = { scope: Scope; load: Load };

/** Thrown to leave a function. */
class Return {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** Runs statements. Throws what the program fails with, with file and line. */
export function run(statements: readonly Statement[], context: Context): void {
  for (const statement of statements) {
    try {
      execute(statement, context);
    } catch (error) {
      if (error instanceof Return || !(error instanceof Error)) throw error;
      if (/Tiltfile:\d+: /.test(error.message)) throw error;
      const place = `${context.scope.file}:${statement.line}`;
      throw new Error(`${place}: ${error.message}`, { cause: error });
    }
  }
}

function execute(statement: Statement, context: Context): void {
  const { scope, load } = context;
  switch (statement.kind) {
    case 'pass':
      return;
    case 'load': {
      const exports = load(statement.path, scope.file);
      for (const name of statement.names) {
        const value = exports.get(name);
        if (value === undefined) throw new Error(`load: ${statement.path} has no ${name}`);
        scope.names.set(name, value);
      }
      return;
    }
    case 'def':
      scope.names.set(statement.name, toFunction(statement, context));
      return;
    case 'return':
      // Not an error: a way out.
      throw new Return(statement.value ? evaluate(statement.value, scope) : null);
    case 'if':
      run(isTrue(evaluate(statement.test, scope)) ? statement.yes : statement.otherwise, context);
      return;
    case 'for':
      for (const item of itemsOf(evaluate(statement.over, scope))) {
        bind(statement.names, item, scope);
        run(statement.body, context);
      }
      return;
    case 'assign':
      assign(statement, scope);
      return;
    default:
      evaluate(statement.value, scope);
  }
}

function bind(names: readonly string[], item: Value, scope: Scope): void {
  const [only] = names;
  if (names.length === 1 && only !== undefined) scope.names.set(only, item);
  else {
    const items = itemsOf(item);
    if (items.length !== names.length) throw new Error(`expected ${names.length} values to unpack`);
    names.forEach((name, index) => scope.names.set(name, items[index] ?? null));
  }
}

function assign(statement: Statement & { kind: 'assign' }, scope: Scope): void {
  const { target, operator } = statement;
  const value = evaluate(statement.value, scope);
  if (target.kind === 'name') {
    const isPlain = operator === '=';
    scope.names.set(target.name, isPlain ? value : operate('+', scope.get(target.name), value));
  } else if (target.kind === 'index') {
    const dict = evaluate(target.of, scope);
    if (!(dict instanceof Map)) throw new Error(`cannot assign into a ${typeOf(dict)}`);
    dict.set(evaluate(target.at, scope), value);
  }
}

function toFunction(statement: Statement & { kind: 'def' }, { scope, load }: Context): Callable {
  const { name, parameters, body } = statement;
  // As Starlark does: once, and where the function stands.
  const fallbacks = new Map(
    parameters.flatMap((one) =>
      one.fallback ? [[one.name, evaluate(one.fallback, scope)] as const] : [],
    ),
  );
  return new Callable(name, (given) => {
    const names = takeArguments(name, given, { parameters, fallbacks });
    try {
      run(body, { scope: new Scope(scope.file, names, scope), load });
      return null;
    } catch (outcome) {
      if (outcome instanceof Return) return outcome.value;
      throw outcome;
    }
  });
}

function takeArguments(
  name: string,
  { args, named }: Call,
  { parameters, fallbacks }: { parameters: Parameter[]; fallbacks: ReadonlyMap<string, Value> },
): Map<string, Value> {
  const plain = parameters.filter(({ isRest }) => !isRest);
  const rest = parameters.find(({ isRest }) => isRest);
  if (args.length > plain.length && !rest) throw new Error(`${name}: got ${args.length} arguments`);
  const values = new Map([...fallbacks]);
  plain.forEach((one, index) => {
    const value = args[index];
    if (value !== undefined) values.set(one.name, value);
  });
  for (const [key, value] of named) {
    if (!plain.some((one) => one.name === key)) throw new Error(`${name}: no parameter ${key}`);
    values.set(key, value);
  }
  for (const one of plain) {
    if (!values.has(one.name)) throw new Error(`${name}: missing ${one.name}`);
  }
  if (rest) values.set(rest.name, args.slice(plain.length));
  return values;
}

function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'name':
      return scope.get(expression.name);
    case 'list':
      return expression.items.map((item) => evaluate(item, scope));
    case 'dict':
      return new Map(
        expression.entries.map(([key, value]) => [evaluate(key, scope), evaluate(value, scope)]),
      );
    case 'comprehension':
      return comprehend(expression, scope);
    case 'call':
      return call(expression, scope);
    case 'attribute':
      return attributeOf(evaluate(expression.of, scope), expression.name);
    case 'index':
      return itemOf(evaluate(expression.of, scope), evaluate(expression.at, scope));
    case 'conditional':
      return isTrue(evaluate(expression.test, scope))
        ? evaluate(expression.yes, scope)
        : evaluate(expression.otherwise, scope);
    case 'unary': {
      const operand = evaluate(expression.operand, scope);
      return expression.operator === 'not' ? !isTrue(operand) : -Number(operand);
    }
    default:
      return binary(expression, scope);
  }
}

function binary(expression: Expression & { kind: 'binary' }, scope: Scope): Value {
  const left = evaluate(expression.left, scope);
  // The right side is looked at only when it counts.
  if (expression.operator === 'and' && !isTrue(left)) return left;
  if (expression.operator === 'or' && isTrue(left)) return left;
  const right = evaluate(expression.right, scope);
  return ['and', 'or'].includes(expression.operator)
    ? right
    : operate(expression.operator, left, right);
}

function comprehend(expression: Expression & { kind: 'comprehension' }, scope: Scope): Value {
  const { key, item, clauses } = expression;
  const items: Value[] = [];
  const entries = new Map<Value, Value>();
  walk(clauses, new Scope(scope.file, new Map(), scope), (inner) => {
    if (key) entries.set(evaluate(key, inner), evaluate(item, inner));
    else items.push(evaluate(item, inner));
  });
  return key ? entries : items;
}

function walk(clauses: readonly Clause[], scope: Scope, visit: (scope: Scope) => void): void {
  const [clause, ...rest] = clauses;
  if (clause === undefined) visit(scope);
  else if (clause.kind === 'if') {
    if (isTrue(evaluate(clause.test, scope))) walk(rest, scope, visit);
  } else {
    for (const item of itemsOf(evaluate(clause.over, scope))) {
      bind(clause.names, item, scope);
      walk(rest, scope, visit);
    }
  }
}

function call(expression: Expression & { kind: 'call' }, scope: Scope): Value {
  const callee = evaluate(expression.callee, scope);
  if (!(callee instanceof Callable)) throw new Error(`a ${typeOf(callee)} cannot be called`);
  const args: Value[] = [];
  const named = new Map<string, Value>();
  for (const { name, isSpread, value } of expression.args satisfies Argument[]) {
    const given = evaluate(value, scope);
    if (name !== undefined) named.set(name, given);
    else if (isSpread) args.push(...itemsOf(given));
    else args.push(given);
  }
  return callee.run({ args, named });
}
