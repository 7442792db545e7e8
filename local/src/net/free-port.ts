import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range operating systems take outgoing ports from (Linux 32768, others 49152), so that
// no connection can occupy a port between the check and its use.
const lowest = 20_000;
const highest = 32_000;

// Processes that run side by side look in different places first, and one process at one port after
// the other: a port that was found free and will be listened on in a moment is not found again.
const windowSize = 400;
const ownWindow = lowest + (process.pid % ((highest - lowest) / windowSize)) * windowSize;
let cursor = randomInt(windowSize);

/**
 * A TCP port of this machine that nobody listens on and that is not in `taken`, to which it is added:
 * of several calls at the same time no two answer the same.
 */
export async function freePort(taken: Set<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const port = attempt < 200 ? nextOfOwn() : randomInt(lowest, highest);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return port;
    taken.delete(port);
  }
  throw new Error(`find a free port: 400 random ones between ${lowest} and ${highest} are taken`);
}

function nextOfOwn(): number {
  cursor = (cursor + 1) % windowSize;
  return ownWindow + cursor;
}

/** Whether a listener on `host:port` can be opened now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
