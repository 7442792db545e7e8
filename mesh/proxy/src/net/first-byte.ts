import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

const FIRST_BYTE_MS = 10_000;
const TLS_HANDSHAKE = 0x16;

/**
 * Looks at the first byte of a connection and puts it back: a ClientHello begins with 0x16, and no
 * text protocol does. Silent connections are closed after 10 s.
 */
export function detectTls(
  socket: Socket,
  clock: Clock,
  then: (kind: 'tls' | 'plain') => void,
): void {
  const cancel = clock.after(FIRST_BYTE_MS, () => socket.destroy());
  const fail = (): void => {
    cancel();
    socket.destroy();
  };
  const look = (): void => {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    cancel();
    socket.off('readable', look);
    socket.off('error', fail);
    socket.off('close', cancel);
    socket.unshift(chunk);
    then(chunk[0] === TLS_HANDSHAKE ? 'tls' : 'plain');
  };
  socket.on('readable', look);
  socket.once('error', fail);
  socket.once('close', cancel);
}
