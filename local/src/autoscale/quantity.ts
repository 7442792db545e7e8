const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** A Kubernetes quantity (`350m`, `2`, `0.5`, `64Mi`) as a number; undefined when it is none. */
export function parseQuantity(text: string): number | undefined {
  const found = /^(?<value>\d+(\.\d+)?)(?<suffix>m|k|M|G|Ki|Mi|Gi)?$/.exec(text)?.groups;
  if (found === undefined) return undefined;
  return Number(found['value']) * (suffixes[found['suffix'] ?? ''] ?? Number.NaN);
}
