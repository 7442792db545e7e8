import { findMisfits, type JsonSchema } from './assignable.ts';
import type {
  ContractDescription,
  ContractsDescription,
  OperationDescription,
} from './description.ts';
import type { Usage } from './usage.ts';

/** A service with the contracts it was built against. */
export type Party = {
  service: string;
  version: string;
  contracts: ContractsDescription;
  usage: Usage;
};

/** Something that would go wrong between two versions that run at the same time. */
export type Incompatibility = {
  /** Who would be hurt: a service that runs, or the new version itself. */
  who: string;
  /** Such as `getOrder, reply 200` or `event order.confirmed`. */
  what: string;
  why: string;
};

/**
 * What would break if `next` ran beside those that run now. Both directions: they call it and read
 * its events, it calls them and reads theirs. Nothing breaks where each side first takes more than it
 * needs, and only then gives less (expand, then contract).
 */
export function findIncompatibilities(next: Party, running: readonly Party[]): Incompatibility[] {
  return running.flatMap((other) => {
    // Its own predecessor stands for those who use the public API: they are not deployed at all.
    const isPredecessor = other.service === next.service;
    const uses = isPredecessor ? 'public' : (other.usage.get(next.service) ?? []);
    const who = isPredecessor ? 'clients of the public API' : `${other.service} ${other.version}`;
    const asServer = betweenContracts(who, uses, {
      server: contractOf(next, next.service),
      client: contractOf(other, next.service),
    });
    if (isPredecessor) return asServer;
    const asClient = betweenContracts(
      `${next.service} ${next.version}`,
      next.usage.get(other.service) ?? [],
      {
        server: contractOf(other, other.service),
        client: contractOf(next, other.service),
      },
    );
    return [...asServer, ...asClient];
  });
}

type Uses = Iterable<string> | 'all' | 'public';
type Sides = { server: ContractDescription; client: ContractDescription };

function contractOf({ contracts }: Party, file: string): ContractDescription {
  return contracts[file] ?? { operations: {}, events: {} };
}

function betweenContracts(who: string, uses: Uses, sides: Sides): Incompatibility[] {
  const names = typeof uses === 'string' ? undefined : new Set(uses);
  const isUsed = (name: string) => names?.has(name) ?? true;
  const found: Omit<Incompatibility, 'who'>[] = [];
  for (const [name, client] of Object.entries(sides.client.operations)) {
    if (!isUsed(name) || (uses === 'public' && !client.path.startsWith('/api/'))) continue;
    found.push(...betweenOperations(client, sides.server.operations[name]));
  }
  for (const [name, types] of uses === 'public' ? [] : Object.entries(sides.client.events)) {
    if (isUsed(name)) found.push(...betweenEvents(types, sides.server.events[name] ?? {}));
  }
  return found.map((one) => ({ who, ...one }));
}

/** A request must be taken as the client sends it, and a reply as the server does. */
function betweenOperations(
  client: OperationDescription,
  server: OperationDescription | undefined,
): Omit<Incompatibility, 'who'>[] {
  const { id } = client;
  if (server === undefined) return [{ what: id, why: 'it does not exist on the other side' }];
  if (server.method !== client.method || server.path !== client.path) {
    const why = `it is ${server.method} ${server.path}, not ${client.method} ${client.path}`;
    return [{ what: id, why }];
  }
  const requests = (['params', 'query', 'headers', 'body'] as const).flatMap((part) =>
    misfits(client.request[part], server.request[part]).map((why) => {
      return { what: `${id}, request ${part}`, why };
    }),
  );
  const replies = Object.entries(server.replies).flatMap(([status, schema]) => {
    const what = `${id}, reply ${status}`;
    const taken = client.replies[status];
    if (taken === undefined) return [{ what, why: 'this status is not expected' }];
    return misfits(schema, taken).map((why) => ({ what, why }));
  });
  return [...requests, ...replies];
}

/** A part that its reader does not look at always fits. */
function misfits(from: JsonSchema | null | undefined, to: JsonSchema | null | undefined): string[] {
  return to ? findMisfits(from ?? { type: 'object' }, to) : [];
}

type EventTypes = ContractDescription['events'][string];

function betweenEvents(reads: EventTypes, writes: EventTypes): Omit<Incompatibility, 'who'>[] {
  return Object.entries(reads).flatMap(([type, read]) => {
    const what = `event ${type}`;
    const written = writes[type];
    if (written === undefined) return [{ what, why: 'it does not exist on the other side' }];
    if (written.version !== read.version) {
      const why = `it is written as version ${written.version}, and read as ${read.version}`;
      return [{ what, why }];
    }
    return findMisfits(written.data, read.data).map((why) => ({ what, why }));
  });
}
