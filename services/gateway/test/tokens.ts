import { systemClock } from '@faultline/chassis/clock';
import { accessTokenProfile } from '@faultline/contracts/profiles';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const CUSTOMER = '01980000-0000-7000-8000-000000000001';
export const ADMIN = '01980000-0000-7000-8000-000000000002';

/** Signs tokens as profiles would, or as it would not. */
export async function createTokenMint() {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const kid = 'key-1';
  const jwk = await exportJWK(publicKey);
  const sign = (
    changes: {
      payload?: JWTPayload;
      without?: string;
      header?: Record<string, unknown>;
      key?: CryptoKey;
    } = {},
  ): Promise<string> => {
    const nowSeconds = Math.floor(systemClock.now() / 1_000);
    const payload: JWTPayload = {
      iss: accessTokenProfile.issuer,
      aud: accessTokenProfile.audience,
      sub: CUSTOMER,
      role: 'customer',
      iat: nowSeconds,
      exp: nowSeconds + 900,
      jti: 'token-1',
      ...changes.payload,
    };
    if (changes.without) delete payload[changes.without];
    const header = { alg: 'EdDSA', typ: accessTokenProfile.type, kid, ...changes.header };
    return new SignJWT(payload)
      .setProtectedHeader(header)
      .sign(changes.key ?? privateKey, { crit: { x: true } });
  };
  return {
    kid,
    sign,
    publicJwk: { ...jwk, kty: 'OKP', kid, alg: 'EdDSA', use: 'sig' },
    customer: () => sign(),
    admin: () => sign({ payload: { sub: ADMIN, role: 'admin' } }),
  };
}
