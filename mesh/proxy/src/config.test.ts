import { expect } from 'chai';
import { loadConfig } from './config.ts';

const env = {
  PROXY_INSTANCE: 'orders-1',
  PROXY_NAMESPACE: 'shop',
  PROXY_SERVICE_ACCOUNT: 'orders',
  PROXY_TOKEN: 'secret',
  PROXY_CONTROL_SOCKET: '/run/control.sock',
  PROXY_OUTBOUND_LISTEN: '127.0.0.1:4140',
  PROXY_ADMIN_LISTEN: ':4191',
  PROXY_INBOUND_PORTS: '8080=127.0.0.1:21001>/run/app.sock,9100=unix:/run/in.sock>127.0.0.1:9100',
};

describe('configuration of a proxy', () => {
  it('reads addresses, sockets and the ports of the app', () => {
    expect(loadConfig(env)).to.deep.include({
      controlSocket: { path: '/run/control.sock' },
      outbound: { host: '127.0.0.1', port: 4140 },
      admin: { host: '127.0.0.1', port: 4191 },
      inbound: [
        { port: 8080, listen: { host: '127.0.0.1', port: 21001 }, app: { path: '/run/app.sock' } },
        { port: 9100, listen: { path: '/run/in.sock' }, app: { host: '127.0.0.1', port: 9100 } },
      ],
      shutdownGraceMs: 120_000,
      otlpEndpoint: undefined,
    });
  });

  const wrong: [change: Record<string, string>, message: RegExp][] = [
    [{ PROXY_TOKEN: '' }, /PROXY_TOKEN is not set/],
    [{ PROXY_OUTBOUND_LISTEN: '4140' }, /PROXY_OUTBOUND_LISTEN: '4140'/],
    [{ PROXY_ADMIN_LISTEN: ':70000' }, /PROXY_ADMIN_LISTEN/],
    [{ PROXY_INBOUND_PORTS: '8080' }, /PROXY_INBOUND_PORTS: '8080'/],
    [{ PROXY_LOG_LEVEL: 'loud' }, /PROXY_LOG_LEVEL: 'loud'/],
    [{ PROXY_SHUTDOWN_GRACE_MS: '1s' }, /PROXY_SHUTDOWN_GRACE_MS: '1s'/],
  ];
  for (const [change, message] of wrong) {
    it(`names what is wrong: ${JSON.stringify(change)}`, () => {
      expect(() => loadConfig({ ...env, ...change })).to.throw(message);
    });
  }
});
