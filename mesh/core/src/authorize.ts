import { matchCidr } from './cidr.ts';

/** Who is on the other end of a connection. */
export type Client = { readonly address: string; readonly identity: string | undefined };

/** What a policy asks of a client; all of it. Empty asks nothing. */
export type Authentication = {
  /** Exact names, `*` for any authenticated client, `*.suffix` for names below it. */
  readonly identities?: readonly string[];
  readonly networks?: readonly { readonly cidr: string; readonly except: readonly string[] }[];
};

/** A grant: any of the authorizations of a server or route suffices. */
export type Authorization = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly authentication: Authentication;
  /** Lets through what nothing else allows, and says so in the labels. */
  readonly audit?: boolean;
};

export type Decision =
  | { readonly allowed: true; readonly by: Authorization }
  | {
      readonly allowed: false;
      readonly nearest: Authorization | undefined;
      readonly reason: string;
    };

/** The first authorization that lets the client in, or why none does. */
export function authorize(authorizations: readonly Authorization[], client: Client): Decision {
  const plain = authorizations.filter((authorization) => !authorization.audit);
  const audits = authorizations.filter((authorization) => authorization.audit);
  let refusal: Extract<Decision, { allowed: false }> = {
    allowed: false,
    nearest: undefined,
    reason: 'no policy allows it',
  };
  for (const by of [...plain, ...audits]) {
    const reason = refuses(by.authentication, client);
    if (reason === undefined) return { allowed: true, by };
    refusal = { allowed: false, nearest: by, reason };
  }
  return refusal;
}

function refuses({ identities, networks }: Authentication, client: Client): string | undefined {
  if (networks && !networks.some((network) => inNetwork(network, client.address))) {
    return `${client.address} is in none of its networks`;
  }
  if (!identities) return undefined;
  if (client.identity === undefined) return 'the client is not authenticated';
  const { identity } = client;
  return identities.some((pattern) => matchIdentity(pattern, identity))
    ? undefined
    : `${identity} is not among its identities`;
}

function matchIdentity(pattern: string, identity: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? identity.endsWith(pattern.slice(1)) : pattern === identity;
}

function inNetwork(network: { cidr: string; except: readonly string[] }, address: string): boolean {
  return (
    matchCidr(network.cidr, address) && !network.except.some((cidr) => matchCidr(cidr, address))
  );
}
