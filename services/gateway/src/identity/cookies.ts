import {
  createSession,
  deleteSession,
  refreshSession,
  sessionCookies,
} from '@faultline/contracts/profiles';
import type { Route } from '../routing.ts';

const cookieOperations = new Set<string>([createSession.id, refreshSession.id, deleteSession.id]);

/** Whether a route may see or set cookies: pages, and the operations that manage a session. */
export function usesCookies(route: Route): boolean {
  return route.kind === 'page' || cookieOperations.has(route.endpoint.id);
}

/** The session's tokens in a `Cookie` header; the first of a name counts. */
export function sessionTokens(header: string | undefined): { access?: string; refresh?: string } {
  const tokens: { access?: string; refresh?: string } = {};
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    if (value === '') continue;
    if (name === sessionCookies.access) tokens.access ??= value;
    if (name === sessionCookies.refresh) tokens.refresh ??= value;
  }
  return tokens;
}
