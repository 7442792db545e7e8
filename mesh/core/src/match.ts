/** How a string is compared: as it is, or by a pattern that must cover all of it. */
export type StringMatch =
  | { readonly type: 'Exact'; readonly value: string }
  | { readonly type: 'RegularExpression'; readonly value: RegExp };

export type PathMatch = StringMatch | { readonly type: 'PathPrefix'; readonly value: string };

/** One entry of a rule's `matches`: all that it lists must hold. */
export type RouteMatch = {
  readonly path?: PathMatch;
  readonly method?: string;
  readonly headers?: readonly { readonly name: string; readonly match: StringMatch }[];
  readonly query?: readonly { readonly name: string; readonly match: StringMatch }[];
};

/** What of a request decides its route. Header names are lower-case. */
export type RequestHead = {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  /** The query without `?`. */
  readonly query: string;
  /** From the URI's authority, else `Host`. */
  readonly authority: string;
  header(name: string): string | undefined;
};

/** What is matched against: routes in order (creation time, then name), each with its rules in order. */
export type Matchable<Rule> = {
  readonly hostnames: readonly string[];
  readonly rules: readonly { readonly matches: readonly RouteMatch[]; readonly rule: Rule }[];
};

/**
 * How specific a match is, most significant first: hostname, path length, headers, query
 * parameters, method. Linkerd counts characters of the path and nothing else: an exact path does
 * not beat a prefix or a pattern of the same length (the Gateway API says it should).
 */
export type Specificity = readonly [
  host: number,
  path: number,
  headers: number,
  query: number,
  method: number,
];

type Score = readonly [path: number, headers: number, query: number, method: number];

const EXACT_HOST = Number.MAX_SAFE_INTEGER;

/** The rule for a request and how specifically it matched; the first in order wins a tie. */
export function selectRule<Rule>(
  routes: readonly Matchable<Rule>[],
  request: RequestHead,
): { rule: Rule; specificity: Specificity } | undefined {
  let best: { rule: Rule; specificity: Specificity } | undefined;
  for (const route of routes) {
    const host = matchHost(route.hostnames, request.authority);
    if (host === undefined) continue;
    for (const { matches, rule } of route.rules) {
      const rest = matchRule(matches, request);
      const specificity: Specificity | undefined = rest && [host, ...rest];
      if (!specificity) continue;
      if (!best || compare(specificity, best.specificity) > 0) best = { rule, specificity };
    }
  }
  return best;
}

/** The most specific of a rule's matches that hold; a rule without matches holds for everything. */
function matchRule(matches: readonly RouteMatch[], request: RequestHead): Score | undefined {
  let best: Score | undefined;
  for (const match of matches.length === 0 ? [{}] : matches) {
    const score = matchRequest(match, request);
    if (score && (!best || compare(score, best) > 0)) best = score;
  }
  return best;
}

/** Positive when `a` is the more specific. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The score of the best of `hostnames` for `authority`: exact, then the longest suffix; 0 for no list. */
export function matchHost(hostnames: readonly string[], authority: string): number | undefined {
  if (hostnames.length === 0) return 0;
  const host = authority.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  const scores = hostnames.flatMap((pattern) => {
    const name = pattern.replace(/\.$/, '').toLowerCase();
    if (name === host) return [EXACT_HOST];
    return name.startsWith('*.') && host.endsWith(name.slice(1)) && host.length > name.length - 1
      ? [name.length]
      : [];
  });
  return scores.length === 0 ? undefined : Math.max(...scores);
}

/** What of a match does not hold for a request; for people who ask why a rule was not used. */
export function explainMismatch(match: RouteMatch, request: RequestHead): string | undefined {
  if (match.path && pathScore(match.path, request.path) === undefined) {
    return `path ${request.path} is not ${match.path.type} ${String(match.path.value)}`;
  }
  if (match.method !== undefined && match.method !== request.method) {
    return `method ${request.method} is not ${match.method}`;
  }
  const header = match.headers?.find(
    ({ name, match: wanted }) => !matchString(wanted, request.header(name.toLowerCase())),
  );
  if (header) return `header ${header.name} is not ${String(header.match.value)}`;
  const parameter = match.query?.find(
    ({ name, match: wanted }) => !matchQuery(name, wanted, request.query),
  );
  return parameter && `query parameter ${parameter.name} is not ${String(parameter.match.value)}`;
}

function matchRequest(match: RouteMatch, request: RequestHead): Score | undefined {
  const path = match.path ? pathScore(match.path, request.path) : 0;
  if (
    path === undefined ||
    explainMismatch({ ...match, path: { type: 'PathPrefix', value: '/' } }, request)
  ) {
    return undefined;
  }
  return [
    path,
    match.headers?.length ?? 0,
    match.query?.length ?? 0,
    match.method === undefined ? 0 : 1,
  ];
}

function pathScore(match: PathMatch, path: string): number | undefined {
  switch (match.type) {
    case 'Exact':
      return path === match.value ? path.length : undefined;
    case 'RegularExpression':
      return coversWhole(match.value, path) ? path.length : undefined;
    case 'PathPrefix': {
      const prefix = match.value.replace(/\/+$/, '');
      const fits = prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
      return fits ? Math.max(1, prefix.length) : undefined;
    }
  }
}

function matchString(match: StringMatch, value: string | undefined): boolean {
  if (value === undefined) return false;
  return match.type === 'Exact' ? value === match.value : coversWhole(match.value, value);
}

function matchQuery(name: string, match: StringMatch, query: string): boolean {
  return new URLSearchParams(query).getAll(name).some((value) => matchString(match, value));
}

/** One leftmost-first search whose hit must span everything: `/a|/ab` does not cover `/ab`. */
function coversWhole(pattern: RegExp, value: string): boolean {
  return pattern.exec(value)?.[0].length === value.length;
}
