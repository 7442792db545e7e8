import { z } from 'zod';

const operations = z.array(
  z.strictObject({
    op: z.enum(['add', 'replace', 'remove']),
    path: z.string().startsWith('/'),
    value: z.unknown().optional(),
  }),
);

/** RFC 6902, of which `add`, `replace` and `remove`. Throws when a path leads nowhere. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const copy: unknown = structuredClone(target);
  for (const { op, path, value } of operations.parse(patch)) {
    const keys = path.slice(1).split('/').map(unescape);
    const last = keys.pop() ?? '';
    const parent = keys.reduce(step(path), copy);
    if (typeof parent !== 'object' || parent === null) throw nowhere(path);
    if (op !== 'add' && !Reflect.has(parent, last)) throw nowhere(path);
    if (Array.isArray(parent)) changeList(parent, { op, index: last, value });
    else if (op === 'remove') Reflect.deleteProperty(parent, last);
    else Reflect.set(parent, last, value);
  }
  return copy;
}

function step(path: string) {
  return (value: unknown, key: string): unknown => {
    if (typeof value !== 'object' || value === null || !Reflect.has(value, key)) {
      throw nowhere(path);
    }
    return Reflect.get(value, key);
  };
}

function changeList(
  list: unknown[],
  change: { op: 'add' | 'replace' | 'remove'; index: string; value: unknown },
): void {
  const index = change.index === '-' ? list.length : Number(change.index);
  const values = change.op === 'remove' ? [] : [change.value];
  list.splice(index, change.op === 'add' ? 0 : 1, ...values);
}

function nowhere(path: string): Error {
  return new Error(`patch ${path}: there is nothing at that path`);
}

function unescape(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
