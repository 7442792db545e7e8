import type { Handler } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { refreshSession as endpoint } from '@faultline/contracts/profiles';
import { ACCESS_TOKEN_SECONDS } from '../access-tokens.ts';
import { findAccount, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';
import { refreshTokenFrom } from '../cookies.ts';
import type { Refresh } from '../sessions.ts';

/** A new access token for a refresh cookie. A session that cannot go on takes its cookies along. */
export function refreshSession(deps: ProfilesDeps): Handler<typeof endpoint> {
  const { postgres, sessions, tokens, cookies } = deps;
  return async ({ headers, ctx }) => {
    const token = refreshTokenFrom(headers.cookie);
    const refresh: Refresh = token ? await sessions.refresh(token) : { kind: 'unknown' };
    const row =
      refresh.kind === 'refreshed'
        ? await findAccount(postgres.pool, refresh.accountId)
        : undefined;
    if (refresh.kind !== 'refreshed' || !row || row.disabled) {
      ctx.set('Set-Cookie', cookies.clear());
      throw new ProblemError('unauthenticated', 'The session has ended. Sign in again.', {
        reason: refresh.kind === 'reused' ? 'session_reused' : 'session_ended',
        headers: { 'WWW-Authenticate': 'Bearer' },
      });
    }
    const access = await tokens.issue(row);
    return {
      status: 201,
      headers: {
        'Set-Cookie': cookies.set({ access, refresh: refresh.token }),
        'Cache-Control': 'no-store',
      },
      body: {
        access_token: access,
        token_type: 'Bearer',
        expires_in: ACCESS_TOKEN_SECONDS,
        account: toAccount(row),
      },
    };
  };
}
