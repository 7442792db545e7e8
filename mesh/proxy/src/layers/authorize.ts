import {
  authorize as decide,
  type Authorization,
  type Decision,
} from '@faultline/mesh-core/authorize';
import type { ObjectRef, WireAuthorization } from '@faultline/mesh-core/snapshot';
import { ProxyError } from '../errors.ts';
import type { Layer } from '../layer.ts';
import type { Request } from '../request.ts';

const CLIENTS_MAX = 1_000;

type Options = {
  readonly authorizations: readonly WireAuthorization[];
  /** Requests that are let in whatever the policy says: probes. */
  readonly isExempt: (request: Request) => boolean;
  readonly onAllowed: (request: Request) => void;
  readonly onDenied: (request: Request) => void;
};

/** What lets probes in where nothing else does. */
const PROBE: ObjectRef = { group: '', kind: 'default', namespace: '', name: 'probe' };

/** Lets in whom a policy allows, by proved identity or by network; everybody else gets an empty 403. */
export function authorize(options: Options): Layer {
  const judge = remembered(options.authorizations);
  return (next) => (request) => {
    const decision = options.isExempt(request) ? undefined : judge(request);
    if (decision === undefined || decision.allowed) {
      const by = decision ? asRef(decision.by, options.authorizations) : PROBE;
      const granted = request;
      granted.grantedBy = by;
      granted.decision.authorization = `${by.kind} ${by.name}`;
      options.onAllowed(granted);
      return next(granted);
    }
    options.onDenied(request);
    request.decision.nearest = decision.reason;
    return Promise.reject(new ProxyError('denied', 'client is not authorized'));
  };
}

/** Decisions depend on the client only and a snapshot's policies do not change: each is made once. */
function remembered(authorizations: readonly WireAuthorization[]): (request: Request) => Decision {
  const known = new Map<string, Decision>();
  return ({ client }) => {
    const key = `${client.identity ?? ''} ${client.address}`;
    let decision = known.get(key);
    if (!decision) {
      decision = decide(authorizations, client);
      if (known.size >= CLIENTS_MAX) known.clear();
      known.set(key, decision);
    }
    return decision;
  };
}

function asRef(by: Authorization, all: readonly WireAuthorization[]): ObjectRef {
  return all.find((candidate) => candidate === by) ?? PROBE;
}
