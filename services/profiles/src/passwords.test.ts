import { expect } from 'chai';
import { Passwords } from './passwords.ts';

describe('Passwords', () => {
  it('knows the password it hashed, in whatever Unicode form it is typed', async () => {
    const passwords = await Passwords.create();
    const hash = await passwords.hash('p\u00e4ssw\u00f6rter');
    expect(await passwords.verify(hash, 'pa\u0308sswo\u0308rter')).to.equal(true);
    expect(await passwords.verify(hash, 'passworter')).to.equal(false);
  });

  it('matches nothing without a hash', async () => {
    const passwords = await Passwords.create();
    expect(await passwords.verify(undefined, '')).to.equal(false);
  });

  it('turns a flood away and serves those who stood in line', async () => {
    const passwords = await Passwords.create({ queueMax: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => passwords.hash('a password')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(5);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).to.include({ code: 'unavailable' });
    expect(await passwords.hash('later')).to.match(/^\$argon2id\$/);
  });
});
