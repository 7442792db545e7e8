import type { Principal } from '@faultline/chassis/call';
import type { Clock } from '@faultline/chassis/clock';
import { ProblemError } from '@faultline/chassis/errors';
import { isUuid } from '@faultline/chassis/ids';
import { accessTokenProfile, role } from '@faultline/contracts/profiles';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { KeySet } from './key-set.ts';

const LENGTH_MAX = 8 * 1024;
const SKEW_SECONDS = 30;

/** Verifies access tokens by what we expect of them, never by what they say about themselves. */
export class AccessTokens {
  readonly #keys: Pick<KeySet, 'find'>;
  readonly #clock: Clock;

  constructor(options: { keys: Pick<KeySet, 'find'>; clock: Clock }) {
    this.#keys = options.keys;
    this.#clock = options.clock;
  }

  /**
   * Who the token speaks for; undefined when it is not one of ours or not good any more.
   * @throws DependencyError when the keys cannot be had.
   */
  async verify(token: string): Promise<Principal | undefined> {
    const keyId = keyIdOf(token);
    const key = keyId === undefined ? undefined : await this.#keys.find(keyId);
    if (!key) return undefined;
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['EdDSA'],
        typ: accessTokenProfile.type,
        issuer: accessTokenProfile.issuer,
        audience: accessTokenProfile.audience,
        requiredClaims: ['sub', 'iat', 'exp'],
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(this.#clock.now()),
      });
      const parsedRole = role.safeParse(payload['role']);
      if (!payload.sub || !isUuid(payload.sub) || !parsedRole.success) return undefined;
      return { id: payload.sub, role: parsedRole.data };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}

/** The token of an `Authorization` header; undefined when the header is something else. */
export function bearerToken(header: string): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(header)?.[1];
}

/** The problem of a request without good credentials. `presented`: there were some. */
export function notSignedIn({ presented }: { presented: boolean }): ProblemError {
  const detail = presented
    ? 'The access token is not valid, or not any more.'
    : 'Sign in to use this resource.';
  return new ProblemError('unauthenticated', detail, {
    headers: { 'WWW-Authenticate': presented ? 'Bearer error="invalid_token"' : 'Bearer' },
  });
}

function keyIdOf(token: string): string | undefined {
  if (token.length > LENGTH_MAX) return undefined;
  try {
    const { alg, typ, kid } = decodeProtectedHeader(token);
    if (alg !== 'EdDSA' || typ !== accessTokenProfile.type) return undefined;
    return typeof kid === 'string' && /^[\w-]{1,100}$/.test(kid) ? kid : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
