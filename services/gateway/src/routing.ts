import type { Endpoint } from '@faultline/chassis/endpoint';

/** An operation of the public API, or the pages of a service below a prefix; `name` is for metrics. */
export type Route =
  | { kind: 'operation'; service: string; endpoint: Endpoint; params: Record<string, string> }
  | { kind: 'page'; service: string; name: string; role: string | null };

/** `method_not_allowed`: the path exists for the methods in `allow`. */
export type RouteMatch =
  | { kind: 'found'; route: Route }
  | { kind: 'not_found' }
  | { kind: 'method_not_allowed'; allow: string[] };

type Operation = { service: string; endpoint: Endpoint; segments: string[] };
type Page = { prefix: string; service: string; role: string | null; paths: readonly string[] };

/** All there is behind the edge. */
export class RoutingTable {
  readonly #operations = new Map<number, Operation[]>();
  readonly #pages: Page[];

  /** From every service's operations, of which those below `/api/` are public. */
  constructor(options: {
    apis: Readonly<Record<string, readonly Endpoint[]>>;
    pages: readonly Page[];
  }) {
    for (const operation of publicOperations(options.apis)) {
      const { length } = operation.segments;
      this.#operations.set(length, [...(this.#operations.get(length) ?? []), operation]);
    }
    this.#pages = options.pages.toSorted((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Finds who answers `method` at a canonical `path`. HEAD is a GET without its body. */
  match(method: string, path: string): RouteMatch {
    if (isBelow('/internal', path)) return { kind: 'not_found' };
    return isBelow('/api', path) ? this.#matchOperation(method, path) : this.#matchPage(path);
  }

  #matchOperation(method: string, path: string): RouteMatch {
    const segments = path.split('/');
    const matching = (this.#operations.get(segments.length) ?? []).filter((operation) =>
      isMatch(operation.segments, segments),
    );
    const wanted = method === 'HEAD' ? 'GET' : method;
    const found = matching.find(({ endpoint }) => endpoint.method === wanted);
    if (found) {
      const { service, endpoint } = found;
      const params = paramsOf(found.segments, segments);
      return { kind: 'found', route: { kind: 'operation', service, endpoint, params } };
    }
    if (matching.length === 0) return { kind: 'not_found' };
    const methods = matching.map(({ endpoint }) => endpoint.method);
    const allow = [
      ...new Set(methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : name))),
    ];
    return { kind: 'method_not_allowed', allow };
  }

  #matchPage(path: string): RouteMatch {
    const page = this.#pages.find(({ prefix }) => isBelow(prefix, path));
    if (!page) return { kind: 'not_found' };
    const { prefix, service, role, paths } = page;
    const segments = path.split('/');
    const name =
      paths.find((pattern) => isMatch(pattern.split('/'), segments)) ?? `${prefix} pages`;
    return { kind: 'found', route: { kind: 'page', service, name, role } };
  }
}

/** The operations whose path is public, each with the service that has it. */
function publicOperations(apis: Readonly<Record<string, readonly Endpoint[]>>): Operation[] {
  const operations = Object.entries(apis).flatMap(([service, endpoints]) =>
    endpoints
      .filter(({ path }) => isBelow('/api', path))
      .map((endpoint) => ({ service, endpoint, segments: endpoint.path.split('/') })),
  );
  // Fixed paths before those with parameters.
  return operations.toSorted((a, b) => parameterCount(a) - parameterCount(b));
}

function isMatch(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) =>
      part.startsWith(':') ? segments[index] !== '' : part === segments[index],
    )
  );
}

function isBelow(prefix: string, path: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}

function parameterCount({ segments }: Operation): number {
  return segments.filter((part) => part.startsWith(':')).length;
}

function paramsOf(pattern: string[], segments: string[]): Record<string, string> {
  return Object.fromEntries(
    pattern.flatMap((part, index) =>
      part.startsWith(':') ? [[part.slice(1), decodeURIComponent(segments[index] ?? '')]] : [],
    ),
  );
}
