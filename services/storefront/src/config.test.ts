import { ConfigError } from '@faultline/chassis/config';
import { expect } from 'chai';
import { readConfig } from './config.ts';

describe('storefront: configuration', () => {
  it('finds its neighbours by name and takes the proxy from the environment', () => {
    const proxy = 'http://127.0.0.1:4140';
    const config = readConfig({ SERVICE_NAME: 'storefront', HTTP_PROXY: proxy, PATH: '/bin' });
    expect(config).to.include({ CATALOG_URL: 'http://catalog', ORDERS_URL: 'http://orders' });
    expect(config.proxyEnv).to.include({ HTTP_PROXY: proxy }).and.not.have.property('PATH');
    expect(config.COOKIE_SECURE).to.equal(false);
  });

  it('refuses to start with an address that is none, and names it', () => {
    const env = { SERVICE_NAME: 'storefront', ORDERS_URL: 'orders:80' };
    expect(() => readConfig(env)).to.throw(ConfigError, /ORDERS_URL/);
  });
});
