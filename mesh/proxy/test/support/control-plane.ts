import type { ControlMessage, ProxyMessage, ProxySnapshot } from '@faultline/mesh-core/snapshot';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Leaf, TestAuthority } from './pki.ts';

/** A control plane in the test's process: signs what it is asked to and sends what it is given. */
export class TestControlPlane {
  readonly path: string;
  authority: TestAuthority;
  readonly received: ProxyMessage[] = [];
  readonly #folder: string;
  readonly #snapshots = new Map<string, ProxySnapshot>();
  readonly #sockets = new Map<string, Socket>();
  /** What is signed for an instance, other than what it asks for. */
  readonly leaves = new Map<string, Leaf>();
  lifetimeMs = 86_400_000;
  #server: Server | undefined;
  #oldAnchors = '';
  readonly #requests = new Map<string, string>();

  private constructor(folder: string, authority: TestAuthority) {
    this.#folder = folder;
    this.path = join(folder, 'control.sock');
    this.authority = authority;
  }

  static async start(): Promise<TestControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), 'mesh-'));
    const plane = new TestControlPlane(folder, new TestAuthority());
    await plane.up();
    return plane;
  }

  async up(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** As if it were killed: connections break and nothing listens. */
  async down(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
    const server = this.#server;
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Another anchor signs from now on; the old one stays trusted. Every proxy is certified anew. */
  rotate(): void {
    this.#oldAnchors += this.authority.pem;
    this.authority = new TestAuthority();
    for (const [instance, csrPem] of this.#requests) this.#certify(instance, csrPem);
  }

  set(instance: string, snapshot: ProxySnapshot): void {
    this.#snapshots.set(instance, snapshot);
    this.#send(instance, { type: 'snapshot', snapshot });
  }

  #accept(socket: Socket): void {
    let partial = '';
    let instance = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) {
        const message: ProxyMessage = JSON.parse(line);
        this.received.push(message);
        if (message.type === 'hello') {
          ({ instance } = message);
          this.#sockets.set(instance, socket);
          const snapshot = this.#snapshots.get(instance);
          if (snapshot) this.#send(instance, { type: 'snapshot', snapshot });
        }
        if ('csrPem' in message) this.#certify(instance, message.csrPem);
      }
    });
  }

  #certify(instance: string, csrPem: string): void {
    this.#requests.set(instance, csrPem);
    const notAfterMs = Date.now() + this.lifetimeMs;
    const leaf = { notAfter: new Date(notAfterMs), ...this.leaves.get(instance) };
    const chainPem = this.authority.sign(csrPem, leaf);
    const identity = { chainPem, anchorsPem: this.authority.pem + this.#oldAnchors, notAfterMs };
    this.#send(instance, { type: 'identity', identity });
  }

  #send(instance: string, message: ControlMessage): void {
    this.#sockets.get(instance)?.write(`${JSON.stringify(message)}\n`);
  }
}
