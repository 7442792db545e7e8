import {
  type Call,
  isTrue,
  itemsOf,
  Opaque,
  Struct,
  textOf,
  type Value,
} from '../starlark/values.ts';

/** The arguments of a call by parameter. Throws on one that there is no parameter for. */
export class Arguments {
  readonly #name: string;
  readonly #values: Map<string, Value>;

  constructor(name: string, { args, named }: Call, parameters: readonly string[]) {
    this.#name = name;
    if (args.length > parameters.length) throw new Error(`${name}: too many arguments`);
    this.#values = new Map(args.map((value, index) => [parameters[index] ?? '', value]));
    for (const [key, value] of named) {
      if (!parameters.includes(key)) throw new Error(`${name}: unexpected keyword argument ${key}`);
      if (this.#values.has(key)) throw new Error(`${name}: ${key} is given twice`);
      this.#values.set(key, value);
    }
  }

  get(key: string): Value {
    return this.#values.get(key) ?? null;
  }

  text(key: string, fallback?: string): string {
    const value = this.#values.get(key);
    if (value !== undefined && value !== null) return textOf(value);
    if (fallback !== undefined) return fallback;
    throw new Error(`${this.#name}: missing argument for ${key}`);
  }

  /** One text is a list of one. */
  texts(key: string): string[] {
    return this.values(key).map(textOf);
  }

  values(key: string): Value[] {
    const value = this.get(key);
    if (value === null) return [];
    return Array.isArray(value) ? itemsOf(value) : [value];
  }

  is(key: string, fallback = false): boolean {
    const value = this.get(key);
    return value === null ? fallback : isTrue(value);
  }
}

/** A field of what another call made. */
export function contentOf(value: Value, kind: string): ReadonlyMap<string, Value> {
  if (value instanceof Opaque && value.kind === kind) return value.content;
  throw new Error(`expected a ${kind}`);
}

/** As YAML is read into a program. */
export function toValue(data: unknown): Value {
  if (Array.isArray(data)) return data.map(toValue);
  if (typeof data === 'object' && data !== null) {
    return new Map(Object.entries(data).map(([key, value]) => [key, toValue(value)]));
  }
  if (typeof data === 'string' || typeof data === 'number' || typeof data === 'boolean')
    return data;
  return null;
}

/** As tests look at it. */
export function toPlain(value: Value): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toPlain(item)]));
  }
  if (value instanceof Opaque) return toPlain(new Map(value.content));
  return value instanceof Struct ? toPlain(new Map(value.fields)) : value;
}
