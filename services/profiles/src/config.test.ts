import { expect } from 'chai';
import { environment, newSigningKey } from '../test/fixture.ts';
import { createAccessTokens } from './access-tokens.ts';
import { readConfig } from './config.ts';
import { systemClock } from '@faultline/chassis/clock';

describe('the configuration of profiles', () => {
  it('names a signing key that does not fit, and shows none of it', async () => {
    const secret = JSON.parse(await newSigningKey());
    for (const wrong of [{ ...secret, crv: 'P-256' }, { ...secret, d: undefined }, 'text', []]) {
      expect(() => readConfig(environment({ SIGNING_KEY: JSON.stringify(wrong) })))
        .to.throw('SIGNING_KEY')
        .with.property('message')
        .that.does.not.contain(secret.x);
    }
    expect(() => readConfig(environment({}))).to.throw('SIGNING_KEY is not set');
  });

  it('publishes the previous key beside the current one, and private parts of neither', async () => {
    const [current, previous] = [await newSigningKey(), await newSigningKey()];
    const config = readConfig(
      environment({ SIGNING_KEY: current, PREVIOUS_SIGNING_KEY: previous, COOKIE_SECURE: 'true' }),
    );
    expect(config.COOKIE_SECURE).to.equal(true);
    const { keySet } = await createAccessTokens({
      key: config.SIGNING_KEY,
      previousKey: config.PREVIOUS_SIGNING_KEY,
      clock: systemClock,
    });
    expect(keySet.keys.map(({ x }) => x)).to.deep.equal([
      JSON.parse(current).x,
      JSON.parse(previous).x,
    ]);
    expect(keySet.keys.flatMap((key) => Object.keys(key))).not.to.include('d');
    expect(new Set(keySet.keys.map(({ kid }) => kid)).size).to.equal(2);
  });
});
