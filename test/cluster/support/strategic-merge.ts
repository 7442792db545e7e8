/** By what Kubernetes recognises an item of these lists; others are replaced whole. */
const keys: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  topologySpreadConstraints: 'topologyKey',
};

/** Kubernetes' strategic merge for the lists above; `null` removes a field. */
export function mergeStrategically(target: unknown, patch: unknown): unknown {
  if (!isObject(target) || !isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergeField(merged[key], value, keys[key]);
  }
  return merged;
}

function mergeField(target: unknown, patch: unknown, key: string | undefined): unknown {
  if (key === undefined || !Array.isArray(target) || !Array.isArray(patch)) {
    return mergeStrategically(target, patch);
  }
  const idOf = (item: unknown) => (isObject(item) ? item[key] : undefined);
  const known = new Map(target.map((item: unknown) => [idOf(item), item]));
  const changed = patch.map((item: unknown) =>
    known.has(idOf(item)) ? mergeStrategically(known.get(idOf(item)), item) : item,
  );
  const named = new Set(patch.map(idOf));
  return [...changed, ...target.filter((item: unknown) => !named.has(idOf(item)))];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
