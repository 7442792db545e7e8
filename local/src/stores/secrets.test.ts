import { readdirSync, statSync } from 'node:fs';
import { importJWK, SignJWT } from 'jose';
import { expect } from 'chai';
import { TempDir } from '../../test/temp-dir.ts';
import { loadManifests } from '../manifests/load.ts';
import { neededStores, Secrets } from './secrets.ts';

const fixture = `${import.meta.dirname}/../../test/fixtures/shop`;
const manifests = await loadManifests(fixture);
const echo = manifests.deployments.find(({ name }) => name === 'echo');
const never = new AbortController().signal;

function open(dir: string, env: Record<string, string> = {}): Secrets {
  return new Secrets({ manifests, env, dir });
}

describe('secrets', () => {
  it('are made up once, privately, and stay', async () => {
    using dir = new TempDir();
    const password = await open(dir.path).read('demo-admin-password', 'password');
    expect(password).to.match(/^[\w-]{16}$/);
    expect(await open(dir.path).read('demo-admin-password', 'password')).to.equal(password);
    const [file = ''] = readdirSync(dir.path);
    expect(statSync(dir.join(file)).mode & 0o077).to.equal(0);
  });

  it('include signing keys that sign, with a key id', async () => {
    using dir = new TempDir();
    const jwk = JSON.parse((await open(dir.path).read('x-signing-key', 'jwk')) ?? '');
    expect(jwk).to.include({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' });
    expect(jwk.kid).to.match(/^[\w-]{43}$/);
    const token = new SignJWT({}).setProtectedHeader({ alg: 'EdDSA', kid: jwk.kid });
    expect((await token.sign(await importJWK(jwk, 'EdDSA'))).split('.')).to.have.length(3);
  });

  it('are the same for two pods that ask at once', async () => {
    using dir = new TempDir();
    const asked = [open(dir.path), open(dir.path)].map((one) => one.read('a-password', 'password'));
    const [first, second] = await Promise.all(asked);
    expect(first).to.equal(second);
  });

  it('of stores are known once the stores serve', async () => {
    using dir = new TempDir();
    const secrets = open(dir.path);
    if (echo === undefined) throw new Error('the fixture has lost its Deployment echo');
    let known = false;
    const waiting = secrets.whenKnown(echo, never).then(() => (known = true));
    secrets.provide('database/echo', 'postgresql://database');
    await new Promise(setImmediate);
    expect(known).to.equal(false);
    secrets.provide('redis', 'redis://server');
    await waiting;
    expect(secrets.lookup('echo-database', 'url')).to.equal('postgresql://database');
    expect(secrets.lookup('echo-redis', 'url')).to.equal('redis://server');
    expect(secrets.lookup('echo-smtp', 'url')).to.equal(undefined);
  });

  it('are no longer waited for when the pod is to stop', async () => {
    using dir = new TempDir();
    if (echo === undefined) throw new Error('the fixture has lost its Deployment echo');
    const stop = new AbortController();
    const waiting = open(dir.path).whenKnown(echo, stop.signal);
    stop.abort();
    await waiting;
  });

  it('come from the environment where it names a store, which is then not started', async () => {
    using dir = new TempDir();
    const env = { DATABASE_URL_ECHO: 'postgresql://elsewhere', REDIS_URL: 'redis://elsewhere' };
    const secrets = open(dir.path, env);
    expect(await secrets.read('echo-database', 'url')).to.equal('postgresql://elsewhere');
    expect(await secrets.read('echo-redis', 'url')).to.equal('redis://elsewhere');
    expect(neededStores(manifests, env)).to.deep.equal({ databases: [], redis: false });
    expect(neededStores(manifests, {})).to.deep.equal({ databases: ['echo'], redis: true });
  });
});
