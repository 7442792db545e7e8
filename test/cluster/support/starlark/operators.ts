import { isEqual, itemsOf, show, textOf, typeOf, type Value } from './values.ts';

const operators: Readonly<Record<string, (left: Value, right: Value) => Value>> = {
  '+': add,
  '%': (left, right) => format(textOf(left), right),
  '==': isEqual,
  '!=': (left, right) => !isEqual(left, right),
  '>': (left, right) => Number(left) > Number(right),
  '<': (left, right) => Number(left) < Number(right),
  in: isIn,
  'not in': (left, right) => !isIn(left, right),
};

/** A binary operator that looks at both sides. Throws when they do not go together. */
export function operate(operator: string, left: Value, right: Value): Value {
  const run = operators[operator];
  if (run === undefined) throw new Error(`the operator ${operator} is not known here`);
  return run(left, right);
}

function add(left: Value, right: Value): Value {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  throw new Error(`cannot add a ${typeOf(right)} to a ${typeOf(left)}`);
}

function isIn(left: Value, right: Value): boolean {
  if (typeof right === 'string') return right.includes(textOf(left));
  return itemsOf(right).some((item) => isEqual(item, left));
}

function format(template: string, value: Value): string {
  const values = Array.isArray(value) ? [...value] : [value];
  const text = template.replace(/%[sd]/g, () => {
    const next = values.shift();
    if (next === undefined) throw new Error(`too few values for '${template}'`);
    return show(next);
  });
  if (values.length > 0) throw new Error(`too many values for '${template}'`);
  return text;
}
