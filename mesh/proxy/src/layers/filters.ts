import type { WireFilter } from '@faultline/mesh-core/snapshot';
import { type Headers, isHopByHop, isReserved, withoutHeaders } from '../http/headers.ts';
import type { Layer } from '../layer.ts';

type Modifier = Extract<WireFilter, { set: unknown }>;

/** Header modifiers of a rule or a backend. What frames and identifies is not theirs to change. */
export function headerModifiers(filters: readonly WireFilter[]): Layer | undefined {
  const requests = modifiers(filters, 'RequestHeaderModifier');
  const responses = modifiers(filters, 'ResponseHeaderModifier');
  if (requests.length + responses.length === 0) return undefined;
  return (next) => async (request) => {
    const changed = request;
    for (const filter of requests) changed.headers = modify(changed.headers, filter);
    const response = await next(changed);
    for (const filter of responses) response.headers = modify(response.headers, filter);
    return response;
  };
}

function modifiers(filters: readonly WireFilter[], type: Modifier['type']): Modifier[] {
  return filters.flatMap((filter) => ('set' in filter && filter.type === type ? [filter] : []));
}

function modify(headers: Headers, { set, add, remove }: Modifier): Headers {
  const replaced = new Set([...remove, ...set.map(({ name }) => name)].map(lower));
  const modified = withoutHeaders(headers, (name) => replaced.has(name));
  for (const { name, value } of [...set, ...add]) {
    if (isAllowed(lower(name))) modified.push(lower(name), value);
  }
  return modified;
}

function isAllowed(name: string): boolean {
  return !isHopByHop(name) && !isReserved(name) && name !== 'content-length' && name !== 'host';
}

function lower(name: string): string {
  return name.toLowerCase();
}
