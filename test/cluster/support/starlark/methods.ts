import {
  type Call,
  Callable,
  itemsOf,
  Opaque,
  Struct,
  textOf,
  typeOf,
  type Value,
} from './values.ts';

type Method<T> = (self: T, call: Call) => Value;

const ofText: Readonly<Record<string, Method<string>>> = {
  capitalize: (self) => self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(),
  endswith: (self, { args }) => self.endsWith(textOf(first(args))),
  join: (self, { args }) => itemsOf(first(args)).map(textOf).join(self),
  lower: (self) => self.toLowerCase(),
  replace: (self, { args }) => self.replaceAll(textOf(first(args)), () => textOf(args[1] ?? null)),
  split: (self, { args }) => self.split(textOf(first(args))),
  startswith: (self, { args }) => self.startsWith(textOf(first(args))),
  strip: (self) => self.trim(),
};

const ofList: Readonly<Record<string, Method<Value[]>>> = {
  append(self, { args }) {
    self.push(first(args));
    return null;
  },
};

const ofDict: Readonly<Record<string, Method<Map<Value, Value>>>> = {
  get: (self, { args }) => self.get(first(args)) ?? args[1] ?? null,
  items: (self) => [...self].map(([key, value]) => [key, value]),
  keys: (self) => [...self.keys()],
  values: (self) => [...self.values()],
};

function first(args: readonly Value[]): Value {
  const [value] = args;
  if (value === undefined) throw new Error('expected an argument');
  return value;
}

/** `value.name`. Throws when there is none. */
export function attributeOf(value: Value, name: string): Value {
  const found = value instanceof Struct ? value.fields.get(name) : methodOf(value, name);
  if (found !== undefined) return found;
  throw new Error(`a ${typeOf(value)} has no ${name}`);
}

function methodOf(value: Value, name: string): Callable | undefined {
  if (typeof value === 'string') return bind(ofText[name], value, name);
  if (Array.isArray(value)) return bind(ofList[name], value, name);
  if (value instanceof Map) return bind(ofDict[name], value, name);
  return undefined;
}

function bind<T>(method: Method<T> | undefined, self: T, name: string): Callable | undefined {
  return method && new Callable(name, (call) => method(self, call));
}

const builtins: Readonly<Record<string, (call: Call) => Value>> = {
  enumerate: ({ args }) => itemsOf(first(args)).map((item, index) => [index, item]),
  fail: ({ args }) => {
    throw new Error(textOf(first(args)));
  },
  len: ({ args }) => (typeof args[0] === 'string' ? args[0].length : itemsOf(first(args)).length),
  list: ({ args }) => itemsOf(first(args)),
  range: ({ args }) => [...Array(Number(first(args))).keys()],
  sorted: ({ args }) => itemsOf(first(args)).map(textOf).toSorted(),
  struct: ({ named }) => new Struct(named),
};

/** The names that every Starlark program knows. */
export const universe: ReadonlyMap<string, Value> = new Map(
  Object.entries(builtins).map(([name, run]) => [name, new Callable(name, run)]),
);

/** `value[key]`. Throws when there is none. */
export function itemOf(value: Value, key: Value): Value {
  if (Array.isArray(value) && typeof key === 'number') {
    const item = value.at(key);
    if (item !== undefined) return item;
  }
  if (value instanceof Map) {
    const item = value.get(key);
    if (item !== undefined) return item;
  }
  const what = value instanceof Opaque ? value.kind : typeOf(value);
  throw new Error(`a ${what} has nothing at ${JSON.stringify(key)}`);
}
