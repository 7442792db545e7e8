import { lookup } from 'node:dns/promises';

/** An address of `host` as the system resolves it; undefined when there is none. */
export async function resolveHost(host: string): Promise<string | undefined> {
  try {
    return (await lookup(host)).address;
  } catch {
    // Whatever the reason, there is nowhere to go.
    return undefined;
  }
}
