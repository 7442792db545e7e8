import { connect, type Socket } from 'node:net';
import { systemClock } from '@faultline/chassis/clock';

/** A reply as it came over the wire. `status` 0: the connection was closed without one. */
export type RawReply = {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** The server has closed the connection. */
  closed: boolean;
};

const PATIENCE_MS = 5_000;
/** Long enough for a server that is going to close the connection to have done so. */
const CLOSING_MS = 60;

/** Sends bytes as they are and reads one reply. */
export async function sendRaw(url: string, bytes: string): Promise<RawReply> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(bytes, 'latin1');
  try {
    return await readReply(socket);
  } finally {
    socket.destroy();
  }
}

/** The statuses of all replies on one connection, until the server closes it or says no more. */
export async function sendPipelined(url: string, bytes: string): Promise<number[]> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const state = collect(socket);
  socket.write(bytes, 'latin1');
  await Promise.race([state.closed, systemClock.sleep(500)]);
  socket.destroy();
  return [...state.text().matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}

async function readReply(socket: Socket): Promise<RawReply> {
  const state = collect(socket);
  const giveUp = systemClock.monotonic() + PATIENCE_MS;
  while (systemClock.monotonic() < giveUp && !state.isClosed()) {
    if (isComplete(state.text())) {
      await Promise.race([state.closed, systemClock.sleep(CLOSING_MS)]);
      break;
    }
    await Promise.race([state.closed, state.progress()]);
  }
  const [head = '', ...rest] = state.text().split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1] ?? 0),
    headers: Object.fromEntries(
      fields.map((field) => {
        const at = field.indexOf(':');
        return [field.slice(0, at).toLowerCase(), field.slice(at + 1).trim()];
      }),
    ),
    body: rest.join('\r\n\r\n'),
    closed: state.isClosed(),
  };
}

function collect(socket: Socket) {
  let text = '';
  let closed = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  let wake: () => void = () => undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += String(chunk);
    wake();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
    resolve();
  });
  return {
    text: () => text,
    isClosed: () => closed,
    closed: promise,
    progress: () =>
      new Promise<void>((done) => {
        wake = done;
      }),
  };
}

function isComplete(text: string): boolean {
  const at = text.indexOf('\r\n\r\n');
  if (at === -1) return false;
  const head = text.slice(0, at);
  if (head.startsWith('HTTP/1.1 100')) return false;
  if (/^transfer-encoding: chunked/im.test(head)) return text.endsWith('0\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  return text.length - at - 4 >= length;
}
