/** What of the engine's control calls the console may make; `stop` is not among them. */
const engineCalls = new Set([
  'status',
  'mesh',
  'manifests',
  'scale',
  'restart',
  'fault-add',
  'fault-list',
  'fault-clear',
  'deploy',
  'releases',
  'rollout',
  'rollouts',
]);

/** What of Prometheus is read-only. */
const prometheusPaths =
  /^\/api\/v1\/(query|query_range|query_exemplars|format_query|labels|label\/[\w:.-]+\/values|series|metadata|rules|alerts|targets|status\/buildinfo)$/;

/** Where a path of the console is answered. */
export type Upstream =
  | { readonly kind: 'store' }
  | { readonly kind: 'prometheus'; readonly path: string }
  | { readonly kind: 'engine'; readonly path: string }
  | { readonly kind: 'nowhere' };

/** Finds out who answers data; `path` is without its query. Undefined is no data: a page or asset. */
export function upstreamOf(method: string, path: string): Upstream | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  const [, first = ''] = path.split('/', 2);
  const rest = path.slice(first.length + 1);
  switch (first) {
    case 'api':
      return isRead || path === '/api/transform' ? { kind: 'store' } : { kind: 'nowhere' };
    case 'prometheus':
      return isRead && prometheusPaths.test(rest)
        ? { kind: 'prometheus', path: rest }
        : { kind: 'nowhere' };
    case 'engine':
      return method === 'POST' && engineCalls.has(rest.slice(1))
        ? { kind: 'engine', path: rest }
        : { kind: 'nowhere' };
    default:
      return undefined;
  }
}
