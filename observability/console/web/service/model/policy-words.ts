import type { Grant, InstancePolicy, RateLimit } from './mesh-report.ts';

/** Who may call one port of a service, and how much. */
export type PortPolicy = {
  readonly port: number;
  /** The Server resource that says so. */
  readonly name: string;
  readonly sentences: readonly string[];
};

const IDENTITY_TAIL = /\.[\w-]+\.serviceaccount\.identity\..*$/;
const NETWORKS_SHOWN = 2;

/** What an instance's own sidecar enforces, in words, port by port. */
export function describePolicy({ servers, default: defaults }: InstancePolicy): PortPolicy[] {
  if (servers.length === 0) {
    const names = defaults.map(({ name }) => name).join(', ');
    return [{ port: 0, name: names, sentences: [`No Server covers it: ${names} applies.`] }];
  }
  return servers.map(({ port, ref, authorizations, rateLimit }) => ({
    port,
    name: ref.name,
    sentences: [
      ...describeGrants(authorizations),
      ...(rateLimit === undefined ? [] : describeLimit(rateLimit)),
    ],
  }));
}

function describeGrants(grants: readonly Grant[]): string[] {
  if (grants.length === 0) return ['Nobody may call it: every request is answered 403.'];
  const sentences = grants.map(describeGrant);
  const isOpen = grants.some(({ authentication: { identities, networks } }) => {
    return identities === undefined && networks === undefined;
  });
  return isOpen ? sentences : [...sentences, 'Everyone else is answered 403.'];
}

function describeGrant({ authentication: { identities, networks } }: Grant): string {
  const from = networks === undefined ? '' : ` from ${describeNetworks(networks)}`;
  if (identities === undefined) {
    return `Anyone${from} may call it, with or without an identity.`;
  }
  const names = identities.map(nameOf);
  const who = names.includes('*') ? 'Any member of the mesh' : inWords(names);
  return `${who} may call it${from}, proved by mTLS.`;
}

/** `orders` of `orders.default.serviceaccount.identity.linkerd.cluster.local`. */
function nameOf(identity: string): string {
  return identity.replace(IDENTITY_TAIL, '');
}

function describeNetworks(networks: readonly { readonly cidr: string }[]): string {
  const shown = networks.slice(0, NETWORKS_SHOWN).map(({ cidr }) => cidr);
  const more = networks.length - shown.length;
  return inWords(more > 0 ? [...shown, `${more} more networks`] : shown);
}

function describeLimit({ totalPerSecond, identityPerSecond, overrides }: RateLimit): string[] {
  const each = identityPerSecond === undefined ? [] : [`${identityPerSecond} from each caller`];
  const total = totalPerSecond === undefined ? [] : [`${totalPerSecond} in all`];
  const special = overrides.map(
    ({ identities, perSecond }) => `${perSecond} from ${inWords(identities.map(nameOf))} each`,
  );
  const limits = [...total, ...each, ...special];
  if (limits.length === 0) return [];
  return [`It takes ${inWords(limits)} a second; more is answered 429.`];
}

/** `a`, `a and b`, `a, b and c`. */
export function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
