/** A JSON Schema as zod writes it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

type Check = (from: JsonSchema, to: JsonSchema, at: string) => string[];

/**
 * Why not every value of the schema `from` is one of `to`, with the place in the value; empty when
 * every one is. Errs on the side of a complaint where it cannot tell.
 */
export function findMisfits(from: JsonSchema, to: JsonSchema, at = ''): string[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const sources = alternatives(from);
  const targets = alternatives(to);
  return sources.flatMap((source) => {
    const results = targets.map((target) => checkOne(source, target, at));
    if (results.some((misfits) => misfits.length === 0)) return [];
    const ofSameType = results[targets.findIndex((target) => typeOf(target) === typeOf(source))];
    return ofSameType ?? results[0] ?? [`${place(at)} cannot be anything any more`];
  });
}

/** One schema for each type or choice. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const { anyOf, oneOf, type, ...rest } = schema;
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : undefined;
  if (choices !== undefined) return choices.flatMap((choice) => alternatives(toSchema(choice)));
  if (Array.isArray(type)) return type.map((one: unknown) => ({ ...rest, type: one }));
  return [schema];
}

function checkOne(from: JsonSchema, to: JsonSchema, at: string): string[] {
  if (isAnything(to)) return [];
  if (isAnything(from)) return [`${place(at)} may be anything, expected ${describe(to)}`];
  const [source, target] = [typeOf(from), typeOf(to)];
  const isSame = source === target || (source === 'integer' && target === 'number');
  if (!isSame) return [`${place(at)} is ${describe(from)}, expected ${describe(to)}`];
  return [
    ...checkValues(from, to, at),
    ...checkBounds(from, to, at),
    ...(parts[target]?.(from, to, at) ?? []),
  ];
}

const parts: Readonly<Record<string, Check>> = {
  object: checkObject,
  array: (from, to, at) => findMisfits(toSchema(from['items']), toSchema(to['items']), `${at}[]`),
};

function checkObject(from: JsonSchema, to: JsonSchema, at: string): string[] {
  const [source, target] = [propertiesOf(from), propertiesOf(to)];
  const [given, needed] = [requiredOf(from), requiredOf(to)];
  const missing = needed
    .filter((name) => !given.includes(name))
    .map((name) =>
      name in source
        ? `${place(join(at, name))} may be missing, expected always`
        : `${place(join(at, name))} is missing, expected always`,
    );
  const others = to['additionalProperties'];
  const fields = Object.entries(source).flatMap(([name, schema]) => {
    const wanted = target[name];
    if (wanted !== undefined) return findMisfits(schema, wanted, join(at, name));
    if (others === false) return [`${place(join(at, name))} is not known, and refused`];
    return typeof others === 'object' ? findMisfits(schema, toSchema(others), join(at, name)) : [];
  });
  return [...missing, ...fields, ...checkRecord(from, to, at)];
}

/** Objects with names of any kind: their values, and which names. */
function checkRecord(from: JsonSchema, to: JsonSchema, at: string): string[] {
  const [source, target] = [from['additionalProperties'], to['additionalProperties']];
  if (typeof source !== 'object' || source === null) return [];
  if (target === false) return [`${place(join(at, '*'))} is not known, and refused`];
  if (typeof target !== 'object') return [];
  const names = findMisfits(toSchema(from['propertyNames']), toSchema(to['propertyNames']), at);
  return [...names, ...findMisfits(toSchema(source), toSchema(target), join(at, '*'))];
}

/** `const` and `enum`. */
function checkValues(from: JsonSchema, to: JsonSchema, at: string): string[] {
  const [source, target] = [valuesOf(from), valuesOf(to)];
  if (target === undefined) return [];
  if (source === undefined) return [`${place(at)} may be any value, expected ${target.join(', ')}`];
  const extra = source.filter((value) => !target.includes(value));
  return extra.length === 0
    ? []
    : [`${place(at)} may be ${extra.join(', ')}, expected ${target.join(', ')}`];
}

const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const exact = ['pattern', 'format', 'multipleOf'];

function checkBounds(from: JsonSchema, to: JsonSchema, at: string): string[] {
  const narrower = (keyword: string): boolean => {
    const [source, target] = [from[keyword], to[keyword]];
    if (target === undefined || source === target) return false;
    if (valuesOf(from) !== undefined) return false;
    if (exact.includes(keyword)) return true;
    if (typeof source !== 'number' || typeof target !== 'number') return true;
    return lower.includes(keyword) ? source < target : source > target;
  };
  return [...lower, ...upper, ...exact].filter(narrower).map((keyword) => {
    const source = from[keyword] === undefined ? 'none' : String(from[keyword]);
    return `${place(at)} has ${keyword} ${source}, expected ${String(to[keyword])}`;
  });
}

function isAnything(schema: JsonSchema): boolean {
  const { $schema: _dialect, description: _text, default: _value, ...keywords } = schema;
  return Object.keys(keywords).length === 0;
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema['type'] === 'string') return schema['type'];
  const [first] = valuesOf(schema) ?? [];
  return first === null ? 'null' : typeof first;
}

function valuesOf(schema: JsonSchema): unknown[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  return 'const' in schema ? [schema['const']] : undefined;
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  const properties = Object.entries(toSchema(schema['properties']));
  return Object.fromEntries(properties.map(([name, value]) => [name, toSchema(value)]));
}

function requiredOf(schema: JsonSchema): string[] {
  const { required } = schema;
  return Array.isArray(required) ? required.map(String) : [];
}

function toSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function describe(schema: JsonSchema): string {
  return valuesOf(schema)?.join(' or ') ?? typeOf(schema);
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function place(at: string): string {
  return at === '' ? 'the whole' : `'${at}'`;
}
