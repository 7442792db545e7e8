import { expect } from 'chai';
import { z } from 'zod';
import { ConfigError, httpUrl, listenAddress, loadConfig, serviceConfig } from './config.ts';

describe('loadConfig', () => {
  it('fills in defaults and parses addresses', () => {
    const config = loadConfig(serviceConfig, {
      SERVICE_NAME: 'x',
      LISTEN_HTTP: 'unix:/run/x.sock',
    });
    expect(config.LISTEN_HTTP).to.deep.equal({ path: '/run/x.sock' });
    expect(config.LISTEN_ADMIN).to.deep.equal({ host: '0.0.0.0', port: 9100 });
    expect(Object.isFrozen(config)).to.equal(true);
  });

  it('names every variable at fault at once', () => {
    const shape = { ...serviceConfig, CATALOG_URL: httpUrl, TOKEN: z.string() };
    const env = { SERVICE_NAME: 'x', LISTEN_HTTP: '127.0.0.1:70000', CATALOG_URL: 'not a url' };
    expect(() => loadConfig(shape, env))
      .to.throw(ConfigError)
      .with.property('message')
      .that.includes('LISTEN_HTTP')
      .and.includes('CATALOG_URL')
      .and.includes('TOKEN is not set');
  });

  it('never shows the value of a variable that is wrong', () => {
    const shape = { DATABASE_URL: z.url({ protocol: /^postgres$/ }) };
    expect(() => loadConfig(shape, { DATABASE_URL: 'mysql://u:hunter2@h/d' })).to.throw(
      ConfigError,
      /^(?!.*hunter2)/,
    );
  });

  for (const text of ['8080', 'localhost:', 'host:99999', 'unix:relative', ':-1']) {
    it(`refuses the listen address '${text}'`, () => {
      expect(listenAddress.safeParse(text).success).to.equal(false);
    });
  }
});
