import { connect } from 'node:net';
import type { Address } from '../../src/net/address.ts';

/** Opens a CONNECT tunnel, asks for `/` of `host` through it and returns the reply as text. */
export function connectThrough(proxy: Address, authority: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(proxy, () => {
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`);
    });
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      if (got === '') {
        if (!text.startsWith('HTTP/1.1 200')) resolve(text);
        socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
      }
      got += text;
    });
    socket.on('close', () => resolve(got));
  });
}
