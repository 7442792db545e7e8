import type { Handler } from '@faultline/chassis/endpoint';
import type { deleteSession as endpoint } from '@faultline/contracts/profiles';
import type { ProfilesDeps } from '../deps.ts';
import { refreshTokenFrom } from '../cookies.ts';

/** Sign-out. Works however often, and for a session that has ended already. */
export function deleteSession({
  sessions,
  cookies,
}: Pick<ProfilesDeps, 'sessions' | 'cookies'>): Handler<typeof endpoint> {
  return async ({ headers }) => {
    const token = refreshTokenFrom(headers.cookie);
    if (token) await sessions.end(token);
    return {
      status: 204,
      headers: { 'Set-Cookie': cookies.clear(), 'Cache-Control': 'no-store' },
    };
  };
}
