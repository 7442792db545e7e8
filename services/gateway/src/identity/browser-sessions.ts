import type { CallContext, Principal } from '@faultline/chassis/call';
import type { HttpClient } from '@faultline/chassis/http-client';
import { refreshSession, sessionCookies } from '@faultline/contracts/profiles';
import type { AccessTokens } from './access-tokens.ts';
import { sessionTokens } from './cookies.ts';

/** Who a browser's cookies speak for, and the cookies it shall be given. */
export type BrowserSession = { principal: Principal | undefined; setCookies: string[] };

/** Beyond this many at once the shop is in trouble anyway, and visitors are signed out. */
const REFRESHES_MAX = 1_000;

/** Reads sessions from cookies, so that pages need not know of tokens at all. */
export class BrowserSessions {
  readonly #tokens: AccessTokens;
  readonly #profiles: HttpClient;
  readonly #refreshes = new Map<string, Promise<BrowserSession>>();

  constructor(options: { tokens: AccessTokens; profiles: HttpClient }) {
    this.#tokens = options.tokens;
    this.#profiles = options.profiles;
  }

  /**
   * The session of a `Cookie` header, with a new access token when the old one has run out.
   * @throws DependencyError when profiles does not answer.
   */
  async read(cookies: string | undefined, call: CallContext): Promise<BrowserSession> {
    const { access, refresh } = sessionTokens(cookies);
    const principal = access === undefined ? undefined : await this.#tokens.verify(access);
    if (principal || refresh === undefined) return { principal, setCookies: [] };
    return await this.#refreshOnce(refresh, call);
  }

  /** A page's parallel requests carry the same cookie: they share one refresh. */
  #refreshOnce(token: string, call: CallContext): Promise<BrowserSession> {
    const running = this.#refreshes.get(token);
    if (running) return running;
    if (!/^[\w-]{1,200}$/.test(token) || this.#refreshes.size >= REFRESHES_MAX) {
      return Promise.resolve({ principal: undefined, setCookies: [] });
    }
    const refresh = this.#refresh(token, call).finally(() => this.#refreshes.delete(token));
    this.#refreshes.set(token, refresh);
    return refresh;
  }

  async #refresh(token: string, call: CallContext): Promise<BrowserSession> {
    const reply = await this.#profiles.call(
      refreshSession,
      { headers: { cookie: `${sessionCookies.refresh}=${token}` } },
      // The first to ask may go away; the others still wait.
      { deadlineMs: call.deadlineMs, signal: new AbortController().signal },
    );
    const setCookies = [reply.headers['set-cookie'] ?? []].flat();
    if (reply.status !== 201) return { principal: undefined, setCookies };
    const { id, role } = reply.body.account;
    return { principal: { id, role }, setCookies };
  }
}
