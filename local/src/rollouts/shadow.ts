import type { Route } from '@faultline/mesh-control/manifests/model';
import type { Canary } from './canary.ts';
import { allToPrimary } from './ledger.ts';
import { routeOf } from './route.ts';

/** A route that keeps a Canary from what it should be given a share of. */
export type Shadow = { canary: string; route: string; what: string };

/**
 * The routes that take requests away from the one which a Canary splits. Of several routes on one
 * Service the most specific decides, and after that the oldest; what another than Flagger's takes
 * goes to the apex Service, that is to the primary, whatever the weights are. For a few operations
 * that may be meant. A route that takes all of what the Canary's would, or a method of it whole,
 * leaves nothing to judge; one that is less specific than the Canary's takes only what that leaves.
 */
export function findShadows(canaries: readonly Canary[], routes: readonly Route[]): Shadow[] {
  return canaries
    .filter(({ skipAnalysis }) => !skipAnalysis)
    .flatMap((canary) => {
      const split = splitMatches(canary);
      return routes
        .filter(({ ref }) => ref.name !== canary.services.apex)
        .filter(({ parents }) => parents.some((parent) => isApex(canary, parent)))
        .flatMap((route) =>
          route.rules
            .flatMap(({ matches }) => matches.flatMap((match) => takenWhole(match, split)))
            .map((what) => {
              return { canary: canary.name, route: route.ref.name, what };
            }),
        );
    });
}

type Match = Route['rules'][number]['matches'][number];
type SplitMatch = ReturnType<typeof splitMatches>[number];

/** What the route of a Canary takes, but for what it takes of testers only. */
function splitMatches(canary: Canary) {
  return routeOf(canary, allToPrimary).spec.rules.at(-1)?.matches ?? [];
}

function isApex({ services, namespace }: Canary, parent: Route['parents'][number]): boolean {
  const { kind, name } = parent;
  return kind === 'Service' && name === services.apex && parent.namespace === namespace;
}

function takenWhole({ path, method, headers, query }: Match, split: readonly SplitMatch[]) {
  const isEverywhere = path === undefined || (path.type === 'PathPrefix' && path.value === '/');
  const isNarrowed = (headers?.length ?? 0) > 0 || (query?.length ?? 0) > 0;
  if (!isEverywhere || isNarrowed) return [];
  return split.some((own) => isNoMoreSpecific(own, method)) ? [`every ${method ?? 'request'}`] : [];
}

/** Than a match of everything, or of everything with a method. */
function isNoMoreSpecific(
  { path, method, headers = [], queryParams = [] }: SplitMatch,
  otherMethod: string | undefined,
): boolean {
  const isEverywhere = path === undefined || path.value === '/';
  const isPlain = isEverywhere && headers.length === 0 && queryParams.length === 0;
  return isPlain && (method === undefined || method === otherMethod);
}
