/** What a name stands for. Lists are arrays, dictionaries are Maps, None is null. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | Map<Value, Value>
  | Callable
  | Struct
  | Opaque;

/** With what something was called. */
export type Call = { args: Value[]; named: Map<string, Value> };

export class Callable {
  readonly name: string;
  readonly run: (call: Call) => Value;

  constructor(name: string, run: (call: Call) => Value) {
    this.name = name;
    this.run = run;
  }
}

/** Named values, as modules and `struct` make them. */
export class Struct {
  readonly fields: ReadonlyMap<string, Value>;

  constructor(fields: ReadonlyMap<string, Value>) {
    this.fields = fields;
  }
}

/** Something that a program only passes on. */
export class Opaque {
  readonly kind: string;
  readonly content: ReadonlyMap<string, Value>;

  constructor(kind: string, content: ReadonlyMap<string, Value>) {
    this.kind = kind;
    this.content = content;
  }
}

export function isTrue(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return value instanceof Object || Boolean(value);
}

export function typeOf(value: Value): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  if (value instanceof Callable) return 'function';
  if (value instanceof Struct) return 'struct';
  return value instanceof Opaque ? value.kind : typeof value;
}

export function isEqual(left: Value, right: Value): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((one, at) => isEqual(one, right[at] ?? null));
  }
  return left === right;
}

/** What `for` goes through. */
export function itemsOf(value: Value): Value[] {
  if (Array.isArray(value)) return [...value];
  if (value instanceof Map) return [...value.keys()];
  throw new Error(`expected a list or a dictionary, not a ${typeOf(value)}`);
}

export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  throw new Error(`expected text, not a ${typeOf(value)}`);
}

/** As `str()` shows it. */
export function show(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : `<${typeOf(value)}>`;
}
