import { expect } from 'chai';
import { logicalPeer } from './logical-peer.ts';

describe('logicalPeer', () => {
  const cases = [
    {
      name: 'a plain request',
      options: { hostname: 'inventory', path: '/v1/stock/7?token=x' },
      peer: { address: 'inventory', port: 80, url: 'http://inventory/v1/stock/7' },
    },
    {
      name: 'a port of its own',
      options: { hostname: 'inventory', port: 8080, path: '/' },
      peer: { address: 'inventory', port: 8080, url: 'http://inventory:8080/' },
    },
    {
      name: 'a host that carries the port',
      options: { host: 'inventory:8080', path: '/x' },
      peer: { address: 'inventory', port: 8080, url: 'http://inventory:8080/x' },
    },
    {
      name: 'TLS',
      options: { protocol: 'https:', hostname: 'pay.example', port: 443, path: '/x' },
      peer: { address: 'pay.example', port: 443, url: 'https://pay.example/x' },
    },
    {
      name: 'IPv6',
      options: { hostname: '::1', port: 9000, path: '/x' },
      peer: { address: '::1', port: 9000, url: 'http://[::1]:9000/x' },
    },
    {
      name: 'a proxy dialled in absolute form',
      options: { hostname: '127.0.0.1', port: 4140, path: 'http://inventory/v1/stock?token=x' },
      peer: { address: 'inventory', port: 80, url: 'http://inventory/v1/stock' },
    },
    {
      name: 'a proxy and a peer with a port and credentials',
      options: { hostname: '127.0.0.1', port: 4140, path: 'http://me:secret@inventory:8080/x#y' },
      peer: { address: 'inventory', port: 8080, url: 'http://inventory:8080/x' },
    },
    {
      name: 'a path that is no URL',
      options: { hostname: 'inventory', path: 'http://[bad' },
      peer: { address: 'invalid', port: 80, url: 'http://invalid/' },
    },
  ] as const;

  for (const { name, options, peer } of cases) {
    it(`names the peer of ${name}`, () => expect(logicalPeer(options)).to.deep.equal(peer));
  }
});
