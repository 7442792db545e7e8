import { matchCidr } from '@faultline/mesh-core/cidr';
import { type Matchable, selectRule } from '@faultline/mesh-core/match';
import type { WireEgress } from '@faultline/mesh-core/snapshot';
import type { Request } from './request.ts';
import { compileRoutes } from './routes.ts';

export type TcpAddress = { readonly host: string; readonly port: number };

/** What lets a request pass: the ports it is for, and the name for people. */
type Permit = { readonly port: number; readonly name: string };
type Network = { readonly wire: WireEgress; readonly routes: readonly Matchable<Permit>[] };

/**
 * What of the outside may be called. Of the networks that hold an address, those of the client's own
 * namespace count first, then the narrowest, then the first in order; where none does, all may be.
 */
export class Egress {
  readonly #resolve: (host: string) => Promise<string | undefined>;
  #networks: readonly Network[] = [];

  constructor(resolve: (host: string) => Promise<string | undefined>) {
    this.#resolve = resolve;
  }

  /** Whether there is nothing to ask. */
  get isOpen(): boolean {
    return this.#networks.length === 0;
  }

  apply(networks: readonly WireEgress[]): void {
    this.#networks = networks.map((wire) => ({
      wire,
      routes: compileRoutes(wire.routes, ({ port, ref }) => ({
        port,
        name: `${ref.kind.toLowerCase()}.${ref.name}`,
      })),
    }));
  }

  /** The address that was judged, to be connected to and no other; undefined when it may not be. */
  async admit(to: TcpAddress, request?: Request): Promise<TcpAddress | undefined> {
    const host = await this.#resolve(to.host);
    if (host === undefined) return undefined;
    const network = this.#networkOf(host);
    const isAllowed = network === undefined || allows(network, to.port, request);
    return isAllowed ? { host, port: to.port } : undefined;
  }

  #networkOf(address: string): Network | undefined {
    let best: { network: Network; bits: number } | undefined;
    for (const network of this.#networks) {
      const bits = widthOf(network, address);
      if (bits === undefined) continue;
      const { namespace } = network.wire.ref;
      if (best && best.network.wire.ref.namespace !== namespace) break;
      if (!best || bits > best.bits) best = { network, bits };
    }
    return best?.network;
  }
}

/** The prefix length of the narrowest of a network's blocks that hold `address`. */
function widthOf({ wire }: Network, address: string): number | undefined {
  const lengths = wire.networks
    .filter(({ cidr, except }) => {
      return matchCidr(cidr, address) && !except.some((one) => matchCidr(one, address));
    })
    .map(({ cidr }) => Number(cidr.split('/')[1] ?? 128));
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}

function allows({ wire, routes }: Network, port: number, request: Request | undefined): boolean {
  const passed = request;
  if (passed) passed.decision.service = `${wire.ref.kind} ${wire.ref.name}`;
  const here = routes.map(({ hostnames, rules }) => ({
    hostnames,
    rules: rules.filter(({ rule }) => rule.port === port),
  }));
  const rule = passed && selectRule(here, passed)?.rule;
  if (passed && rule) passed.decision.route = rule.name;
  return rule !== undefined || wire.allows;
}
