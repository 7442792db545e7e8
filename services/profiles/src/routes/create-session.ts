import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { createSession as endpoint } from '@faultline/contracts/profiles';
import { ACCESS_TOKEN_SECONDS } from '../access-tokens.ts';
import { findByEmail, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';

/** Sign-in. An unknown address and a wrong password look the same and take the same time. */
export function createSession(deps: ProfilesDeps): Handler<typeof endpoint> {
  const { postgres, passwords, throttle, sessions, tokens, cookies } = deps;
  return async ({ body: { email, password }, call }) => {
    const attempt = { email, clientAddress: call.clientAddress };
    await throttle.count(attempt);
    const row = await findByEmail(postgres.pool, email);
    const matches = await passwords.verify(row?.password_hash, password);
    if (!row || !matches) {
      throw refusal('The e-mail address or the password is wrong.', 'invalid_credentials');
    }
    // Said only to who knows the password.
    if (row.disabled) throw refusal('This account is locked.', 'account_disabled');
    await throttle.forgive(attempt);
    const refresh = await sessions.begin(row.id);
    const access = await tokens.issue(row);
    return {
      status: 201,
      headers: { 'Set-Cookie': cookies.set({ access, refresh }), 'Cache-Control': 'no-store' },
      body: {
        access_token: access,
        token_type: 'Bearer',
        expires_in: ACCESS_TOKEN_SECONDS,
        account: toAccount(row),
      },
    };
  };
}

function refusal(detail: string, reason: string): ProblemError {
  return new ProblemError('unauthenticated', detail, {
    reason,
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
}
