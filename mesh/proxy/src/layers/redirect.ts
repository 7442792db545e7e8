import type { WireFilter, WireRule } from '@faultline/mesh-core/snapshot';
import { Body } from '../http/body.ts';
import type { Layer } from '../layer.ts';
import type { Request } from '../request.ts';

type Redirect = Extract<WireFilter, { type: 'RequestRedirect' }>;

/** Answers with where to go instead; no backend is asked. */
export function redirect(rule: WireRule): Layer | undefined {
  const filter = rule.filters.find((candidate) => candidate.type === 'RequestRedirect');
  if (!filter) return undefined;
  return () => (request) =>
    Promise.resolve({
      status: filter.status,
      headers: ['location', locationOf(filter, rule, request)],
      body: Body.empty(),
    });
}

function locationOf(filter: Redirect, rule: WireRule, request: Request): string {
  const asked = request.authority.replace(/:\d+$/, '');
  const port = filter.port === undefined ? '' : `:${filter.port}`;
  const path = pathOf(filter.path, rule, request.path);
  const query = request.query === '' ? '' : `?${request.query}`;
  return `${filter.scheme ?? 'http'}://${filter.hostname ?? asked}${port}${path}${query}`;
}

function pathOf(change: Redirect['path'], rule: WireRule, path: string): string {
  if (!change) return path;
  if (change.type === 'ReplaceFullPath') return change.value;
  const prefixes = rule.matches
    .flatMap((match) => (match.path?.type === 'PathPrefix' ? [match.path.value] : []))
    .map((prefix) => prefix.replace(/\/+$/, ''))
    .filter((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    .toSorted((a, b) => b.length - a.length);
  const rest = path.slice(prefixes[0]?.length ?? 0);
  return `${change.value.replace(/\/+$/, '')}${rest}` || '/';
}
