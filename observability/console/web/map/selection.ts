import { place, setQuery } from '../core/url.ts';

/** What is looked at more closely: a node by its name, or an edge by both. */
export type Selection = { readonly node: string } | { readonly from: string; readonly to: string };

/** What the address selects. */
export function selection(): Selection | undefined {
  const { query } = place.value;
  const node = query.get('node');
  if (node !== null) return { node };
  const [from, to] = (query.get('edge') ?? '').split('→');
  return from && to ? { from, to } : undefined;
}

export function select(selected: Selection | undefined): void {
  setQuery({
    node: selected && 'node' in selected ? selected.node : undefined,
    edge: selected && 'from' in selected ? `${selected.from}→${selected.to}` : undefined,
    fault: undefined,
    incident: undefined,
  });
}
