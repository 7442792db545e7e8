import { expect } from 'chai';
import type { Deployment } from '../manifests/model.ts';
import { storeTargets, throughSidecar } from './store-targets.ts';

const secretRef = (name: string, key = 'url') => ({
  name: name.toUpperCase(),
  valueFrom: { secretKeyRef: { name, key } },
});
const local = { secrets: new Map(), env: {}, ports: { postgres: 21_000, redis: 21_001 } };

/** Of a Deployment only its environment counts. */
function targets(env: readonly object[], from: Partial<Parameters<typeof storeTargets>[1]> = {}) {
  return storeTargets({ env } as unknown as Deployment, { ...local, ...from });
}

describe('store targets', () => {
  it('are the stores that run here, each once', () => {
    const env = [
      secretRef('orders-database'),
      secretRef('stock-database'),
      secretRef('shop-redis'),
      secretRef('token-signing-key', 'jwk'),
    ];
    expect(targets(env)).to.deep.equal([
      { name: 'postgres', to: { host: '127.0.0.1', port: 21_000 } },
      { name: 'redis', to: { host: '127.0.0.1', port: 21_001 } },
    ]);
  });

  it('are the stores that variables and Secrets name instead', () => {
    const secrets = new Map([['cache', { url: 'redis://cache.test' }]]);
    const env = { DATABASE_URL_ORDERS: 'postgres://me:p%40ss@db.test/orders' };
    const found = targets([secretRef('orders-database'), secretRef('cache')], { env, secrets });
    expect(found).to.deep.equal([
      { name: 'postgres', to: { host: 'db.test', port: 5432 } },
      { name: 'redis', to: { host: 'cache.test', port: 6379 } },
    ]);
  });

  it('leave out what is called over TLS, whose certificate names another host', () => {
    for (const url of ['postgres://db.test/x?sslmode=verify-full', 'rediss://db.test']) {
      expect(
        targets([secretRef('orders-database')], { env: { DATABASE_URL_ORDERS: url } }),
        url,
      ).to.deep.equal([]);
    }
  });
});

describe('a store’s URL through the sidecar', () => {
  const to = { host: 'db.test', port: 5432 };
  const through = [{ to, listen: { host: '127.0.0.1', port: 21_005 } }];

  it('keeps all but host and port', () => {
    expect(throughSidecar('postgres://me:p%40ss@db.test/orders?x=1', through)).to.equal(
      'postgres://me:p%40ss@127.0.0.1:21005/orders?x=1',
    );
  });

  it('is as it was for everything else', () => {
    for (const url of ['postgres://other.test/orders', 'not a url', 'http://db.test:5432/']) {
      expect(throughSidecar(url, through)).to.equal(url);
    }
  });
});
