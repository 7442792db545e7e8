import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { pino } from 'pino';
import { connectRedis } from './redis.ts';

describe('a Redis connection', () => {
  it('says once that it is sent away each time', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => lines.push(line) });
    let visits = 0;
    const server = createServer((socket) => {
      visits += 1;
      socket.on('error', () => {});
      socket.end('-DENIED no password is set\r\n', () => socket.destroy());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, log });
    while (visits < 3) await once(server, 'connection');
    redis.disconnect();
    await once(server.close(), 'close');
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include('redis is not available').and.include('closed the connection');
  });
});
