import type { Socket } from 'node:net';
import type { ControlMessage } from '@faultline/mesh-core/snapshot';
import { LineSplitter } from './lines.ts';

const lineBytesMax = 64 * 1024;

/**
 * The control plane's end of a connection to one proxy. Of identities and of snapshots only the
 * newest waits for a proxy that reads slowly.
 */
export class ProxyConnection {
  readonly #socket: Socket;
  #identity: ControlMessage | undefined;
  #snapshot: ControlMessage | undefined;
  #isBlocked = false;

  constructor(socket: Socket, on: { line(text: string): void; close(): void }) {
    this.#socket = socket;
    const lines = new LineSplitter(lineBytesMax);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) on.line(line);
      } catch (error) {
        this.refuse(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('drain', () => {
      this.#isBlocked = false;
      this.#flush();
    });
    // Whatever went wrong, `close` follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => on.close());
  }

  /** Tells an identity or a snapshot, as soon as the proxy takes it, unless a newer one comes first. */
  send(message: Exclude<ControlMessage, { type: 'refused' }>): void {
    if (message.type === 'identity') this.#identity = message;
    else this.#snapshot = message;
    this.#flush();
  }

  /** Says why, and closes. */
  refuse(reason: string): void {
    const message: ControlMessage = { type: 'refused', reason };
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
    this.#socket.end(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    for (;;) {
      const message = this.#identity ?? this.#snapshot;
      if (message === undefined || this.#isBlocked || !this.#socket.writable) return;
      if (message === this.#identity) this.#identity = undefined;
      else this.#snapshot = undefined;
      this.#isBlocked = !this.#socket.write(`${JSON.stringify(message)}\n`);
    }
  }
}
