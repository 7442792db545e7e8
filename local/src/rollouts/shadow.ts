import type { Route } from '@faultline/mesh-control/manifests/model';
import type { Canary } from './canary.ts';

/** A route that keeps a Canary from what it should be given a share of. */
export type Shadow = { canary: string; route: string; what: string };

/**
 * The routes that take requests away from the one which a Canary splits. Of several routes on one
 * Service the most specific decides, and after that the oldest; what another than Flagger's takes
 * goes to the apex Service, that is to the primary, whatever the weights are. For a few operations
 * that may be meant. A route that takes a method whole, or everything, leaves nothing to judge.
 */
export function findShadows(canaries: readonly Canary[], routes: readonly Route[]): Shadow[] {
  return canaries
    .filter(({ skipAnalysis }) => !skipAnalysis)
    .flatMap((canary) =>
      routes
        .filter(({ ref }) => ref.name !== canary.services.apex)
        .filter(({ parents }) => parents.some((parent) => isApex(canary, parent)))
        .flatMap((route) =>
          route.rules
            .flatMap(({ matches }) => matches.flatMap(takenWhole))
            .map((what) => {
              return { canary: canary.name, route: route.ref.name, what };
            }),
        ),
    );
}

function isApex({ services, namespace }: Canary, parent: Route['parents'][number]): boolean {
  const { kind, name } = parent;
  return kind === 'Service' && name === services.apex && parent.namespace === namespace;
}

function takenWhole({ path, method, headers, query }: Route['rules'][number]['matches'][number]) {
  const isEverywhere = path === undefined || (path.type === 'PathPrefix' && path.value === '/');
  const isNarrowed = (headers?.length ?? 0) > 0 || (query?.length ?? 0) > 0;
  return isEverywhere && !isNarrowed ? [`every ${method ?? 'request'}`] : [];
}
