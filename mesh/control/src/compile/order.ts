import type { Named } from '../manifests/model.ts';

/** Linkerd's order of objects: the older first, then by name; those without a time come last. */
export function inOrder<T extends Named>(objects: readonly T[]): T[] {
  return objects.toSorted((a, b) => {
    const [left, right] = [a, b].map(({ createdMs }) => createdMs ?? Number.POSITIVE_INFINITY);
    if (left !== right && left !== undefined && right !== undefined) return left - right;
    return compareNames(a.ref, b.ref);
  });
}

function compareNames(a: Named['ref'], b: Named['ref']): number {
  const [left, right] = [a, b].map(({ namespace, name }) => `${namespace}/${name}`);
  return (left ?? '') < (right ?? '') ? -1 : 1;
}
