import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range operating systems take outgoing ports from (Linux 32768, others 49152), so that
// no connection can occupy a port between the check and its use.
const lowest = 20_000;
const highest = 32_000;

/** A TCP port of this machine that nobody listens on. `taken` is never answered. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`find a free port: 200 random ones between ${lowest} and ${highest} are taken`);
}

/** Whether a listener on `host:port` can be opened now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
