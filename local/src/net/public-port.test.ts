import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '@faultline/chassis/clock';
import { expect } from 'chai';
import { eventually } from '../../test/eventually.ts';
import type { Service } from '../manifests/model.ts';
import { Endpoints } from './endpoints.ts';
import { openPublicPort } from './public-port.ts';

const service: Service = {
  name: 'gateway',
  namespace: 'default',
  annotations: {},
  hasClusterIp: true,
  selector: { app: 'gateway' },
  ports: [{ name: 'http', port: 80, target: 'http', appProtocol: 'http' }],
  localPort: 8080,
  links: {},
  notes: [],
};

/** A public port before one instance that shows what reaches it. */
class Scene implements AsyncDisposable {
  readonly endpoints = new Endpoints(systemClock);
  readonly #closers: (() => unknown)[] = [];
  port = 0;

  static async open(onConnection: (socket: Socket) => void): Promise<Scene> {
    const scene = new Scene();
    const instance = createServer({ allowHalfOpen: true }, onConnection);
    instance.listen(0, '127.0.0.1');
    await once(instance, 'listening');
    // A listening TCP server's address is never a string.
    const { port } = instance.address() as AddressInfo;
    const address = { host: '127.0.0.1', port };
    const ports = [{ name: 'http', containerPort: 8080, address }];
    scene.endpoints.add({ instance: 'gateway-1', labels: { app: 'gateway' }, ports });
    const [first] = service.ports;
    if (first === undefined) throw new Error('the example Service has lost its port');
    const opened = await openPublicPort({
      target: { service, port: first },
      endpoints: scene.endpoints,
      host: '127.0.0.1',
      port: 0,
    });
    scene.port = opened.port;
    scene.#closers.push(
      () => opened.stop(),
      () => instance.close(),
    );
    return scene;
  }

  dial(): { socket: Socket; text: () => string } {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    return { socket, text: () => text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

describe('public port', () => {
  it('brings every byte to the instance as it was sent, and back', async () => {
    await using scene = await Scene.open((socket) => socket.pipe(socket));
    const { socket, text } = scene.dial();
    const sent = 'GET / HTTP/1.1\nTransfer-Encoding : chunked\r\n\0\u00FF';
    socket.write(sent, 'latin1');
    await eventually('the echo', () => text() === sent);
    socket.destroy();
  });

  it('lets a client end its side and still read the answer', async () => {
    await using scene = await Scene.open((socket) => {
      socket.on('end', () => socket.end('all of it'));
      socket.resume();
    });
    const { socket, text } = scene.dial();
    socket.end('request');
    await eventually('the answer', () => text() === 'all of it');
    socket.destroy();
  });

  it('tells the instance when the client breaks off', async () => {
    let ended = false;
    await using scene = await Scene.open((socket) => {
      socket.on('end', () => {
        ended = true;
        socket.end();
      });
      socket.resume();
      socket.write('hello');
    });
    const { socket, text } = scene.dial();
    await eventually('the greeting', () => text() === 'hello');
    socket.resetAndDestroy();
    await eventually('the instance to notice', () => ended);
  });

  it('answers 503 when no instance becomes ready within a second', async () => {
    await using scene = await Scene.open((socket) => socket.end());
    scene.endpoints.remove('gateway-1');
    const { socket, text } = scene.dial();
    await eventually('the answer', () => text().startsWith('HTTP/1.1 503 '));
    socket.destroy();
    expect(text()).to.include("Service 'gateway' has no ready instance");
  });
});
