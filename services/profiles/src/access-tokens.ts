import type { Clock } from '@faultline/chassis/clock';
import { uuidv7 } from '@faultline/chassis/ids';
import { accessTokenProfile, type Account } from '@faultline/contracts/profiles';
import { calculateJwkThumbprint, importJWK, SignJWT } from 'jose';
import type { PublicKey, SigningKey } from './config.ts';

/** How long an access token is good for: as long as a locked account may still act. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/** Makes access tokens and publishes the keys to check them with. */
export type AccessTokens = {
  /** A signed token that says who the account is and what role it has. */
  issue(account: Pick<Account, 'id' | 'role'>): Promise<string>;
  /** The public keys, newest first. */
  readonly keySet: { keys: ({ kty: string; kid: string } & Record<string, string>)[] };
};

/** Tokens signed with `key`; those signed with `previousKey` stay verifiable. */
export async function createAccessTokens(options: {
  key: SigningKey;
  previousKey?: PublicKey | undefined;
  clock: Clock;
}): Promise<AccessTokens> {
  const { key, previousKey, clock } = options;
  const { kty, crv, x, d } = key;
  const privateKey = await importJWK({ kty, crv, x, d }, 'EdDSA');
  const current = await publish(key);
  const previous = previousKey ? [await publish(previousKey)] : [];
  return {
    keySet: { keys: [current, ...previous] },
    issue({ id, role }) {
      const issuedAt = Math.floor(clock.now() / 1_000);
      return new SignJWT({ role })
        .setProtectedHeader({ alg: 'EdDSA', typ: accessTokenProfile.type, kid: current.kid })
        .setIssuer(accessTokenProfile.issuer)
        .setAudience(accessTokenProfile.audience)
        .setSubject(id)
        .setJti(uuidv7(clock))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .sign(privateKey);
    },
  };
}

/** Just the public members: a private key must never get into the key set. */
async function publish({ kty, crv, x, kid }: PublicKey) {
  const thumbprint = kid ?? (await calculateJwkThumbprint({ kty, crv, x }));
  return { kty, crv, x, kid: thumbprint, alg: 'EdDSA', use: 'sig' };
}
