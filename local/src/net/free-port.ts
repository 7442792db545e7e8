import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { choosePortRange } from './port-range.ts';

const range = choosePortRange(readOutgoing());

// A process looks for ports in a window of its own, one after the other: a port that was found free
// and will be listened on in a moment is found again neither by itself nor by one that runs beside it.
const windowSize = 400;
const windows = Math.floor((range.highest - range.lowest) / windowSize);
let claimed: Promise<Server | undefined> | undefined;
let firstOfOwn = range.lowest;
let cursor = 0;

/**
 * A TCP port of this machine that nobody listens on and that is not in `taken`, to which it is added:
 * of several calls at the same time no two answer the same.
 */
export async function freePort(taken: Set<number> = new Set()): Promise<number> {
  claimed ??= claimWindow();
  await claimed;
  for (let attempt = 0; attempt < 2 * windowSize; attempt += 1) {
    const port = attempt < windowSize ? nextOfOwn() : randomInt(range.lowest, range.highest);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return port;
    taken.delete(port);
  }
  const { lowest, highest } = range;
  throw new Error(`find a free port: ${2 * windowSize} between ${lowest} and ${highest} are taken`);
}

/** Whether a listener on `host:port` can be opened now. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const probe = await listen(port, host);
  if (probe === undefined) return false;
  await new Promise((resolve) => probe.close(resolve));
  return true;
}

/**
 * Who listens on the first port of a window has the rest of it, until its process ends. Where all are
 * claimed already, one is shared.
 */
async function claimWindow(): Promise<Server | undefined> {
  for (let index = 0; index < windows; index += 1) {
    firstOfOwn = range.lowest + ((process.pid + index) % windows) * windowSize;
    const claim = await listen(firstOfOwn, '127.0.0.1');
    if (claim === undefined) continue;
    claim.on('connection', (socket) => socket.destroy());
    return claim.unref();
  }
  return undefined;
}

function nextOfOwn(): number {
  cursor = (cursor + 1) % windowSize;
  return firstOfOwn + cursor;
}

function listen(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve(server));
  });
}

/** What Linux says of the ports it takes for outgoing connections; others do not say it in a file. */
function readOutgoing(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    return '';
  }
}
