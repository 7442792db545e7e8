import { sessionCookies } from '@faultline/contracts/profiles';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.ts';
import { isRefreshToken } from './refresh-tokens.ts';
import { SESSION_SECONDS } from './sessions.ts';

/** `Set-Cookie` headers for a browser's session. `secure`: the shop is served over https. */
export type SessionCookies = {
  set(tokens: { access: string; refresh: string }): string[];
  clear(): string[];
};

/** Lax, so that a link into the shop finds its visitor signed in; the edge checks where posts come from. */
export function createSessionCookies(options: { secure: boolean }): SessionCookies {
  const attributes = `Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
  const cookie = (name: string, value: string, maxAgeSeconds: number) =>
    `${name}=${value}; Max-Age=${maxAgeSeconds}; ${attributes}`;
  return {
    set: ({ access, refresh }) => [
      cookie(sessionCookies.access, access, ACCESS_TOKEN_SECONDS),
      cookie(sessionCookies.refresh, refresh, SESSION_SECONDS),
    ],
    clear: () => [cookie(sessionCookies.access, '', 0), cookie(sessionCookies.refresh, '', 0)],
  };
}

/** The refresh token in a `Cookie` header, when there is a plausible one. */
export function refreshTokenFrom(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name, value = ''] = pair.split('=');
    if (name?.trim() === sessionCookies.refresh && isRefreshToken(value.trim())) {
      return value.trim();
    }
  }
  return undefined;
}
