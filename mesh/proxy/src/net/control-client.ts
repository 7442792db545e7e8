import { type Backoff, backoffMs } from '@faultline/mesh-core/backoff';
import type { Random } from '@faultline/mesh-core/random';
import type { ControlMessage, ProxyMessage } from '@faultline/mesh-core/snapshot';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Address } from './address.ts';

const RECONNECT: Backoff = { minMs: 50, maxMs: 5_000, jitterRatio: 0.5 };
const LINE_BYTES_MAX = 16 * 1024 * 1024;

type Options = {
  readonly address: Address;
  readonly hello: ProxyMessage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onMessage: (message: ControlMessage) => void;
};

/**
 * The connection to the control plane: JSON lines both ways. When it is lost it is made again, with
 * growing pauses, for as long as the proxy lives; what was last told stays in force meanwhile.
 */
export class ControlClient {
  readonly #options: Options;
  #socket: Socket | undefined;
  #cancelRetry: (() => void) | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#socket !== undefined && !this.#socket.connecting;
  }

  connect(): void {
    const { address, hello, log } = this.#options;
    const socket = connect(address);
    this.#socket = socket;
    let partial = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => this.send(hello));
    socket.on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = lines.pop() ?? '';
      if (partial.length > LINE_BYTES_MAX) socket.destroy();
      for (const line of lines) this.#receive(line);
    });
    socket.on('error', (error) => {
      log.write('debug', 'the control plane cannot be reached', { error: error.message });
    });
    socket.on('close', () => this.#retryLater());
  }

  send(message: ProxyMessage): void {
    if (this.connected) this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#socket?.destroy();
  }

  #receive(line: string): void {
    if (line === '') return;
    let message: ControlMessage;
    try {
      message = JSON.parse(line);
    } catch {
      this.#options.log.write('error', 'the control plane sent what is not JSON');
      return;
    }
    this.#failures = 0;
    this.#options.onMessage(message);
  }

  #retryLater(): void {
    this.#socket = undefined;
    if (this.#closed) return;
    const { clock, random } = this.#options;
    const pauseMs = backoffMs(RECONNECT, this.#failures++, random);
    this.#cancelRetry = clock.after(pauseMs, () => this.connect());
  }
}
