import { randomBytes } from 'node:crypto';
import type { Clock } from '@faultline/chassis/clock';
import { callOf } from '@faultline/chassis/endpoint';
import type { ProblemError } from '@faultline/chassis/errors';
import { currentTraceId } from '@faultline/telemetry/spans-api';
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Assets } from './assets.ts';
import { type Basket, basketCookie, basketCookieName, countItems, parseBasket } from './basket.ts';
import { localPath } from './local-path.ts';
import { allCategories, type Memory } from './memory.ts';
import { type PageName, planOf } from './pages.ts';
import { problemPage } from './views/problem.ts';
import { layout } from './views/layout.ts';
import { type Neighbours, Visit } from './visit.ts';

/** A page, or where to go instead. `basket` is kept in the browser from now on. */
export type Reply = { headers?: Readonly<Record<string, string | string[]>>; basket?: Basket } & (
  | {
      title: string;
      body: ComponentChildren;
      status?: number;
      script?: string;
      refreshSeconds?: number | undefined;
    }
  | { seeOther: string }
);

export type PageHandler<P extends PageName> = (visit: Visit<P>) => Promise<Reply>;

/** Only what this origin serves runs, shows or is sent to; no page stands in another's frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'img-src', 'connect-src', 'form-action'].map(
    (directive) => `${directive} 'self'`,
  ),
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Turns what handlers answer into documents: the frame around pages, their headers, problems. */
export class Shell {
  readonly #assets: Assets;
  readonly #memory: Memory;
  readonly #secureCookies: boolean;

  constructor(options: { assets: Assets; memory: Memory; secureCookies: boolean }) {
    this.#assets = options.assets;
    this.#memory = options.memory;
    this.#secureCookies = options.secureCookies;
  }

  /** Answers with a page or a redirect. */
  answer(ctx: Context, reply: Reply, notices: readonly string[]): void {
    ctx.set({ ...reply.headers });
    if (reply.basket) {
      ctx.append('Set-Cookie', basketCookie(reply.basket, { secure: this.#secureCookies }));
    }
    const signedIn = callOf(ctx).principal !== undefined;
    ctx.set('Cache-Control', signedIn ? 'private, no-store' : 'private, no-cache');
    if ('seeOther' in reply) {
      ctx.status = 303;
      ctx.set('Location', reply.seeOther);
      ctx.body = null;
      ctx.status = 303;
      return;
    }
    ctx.status = reply.status ?? 200;
    this.#document(ctx, reply, notices);
  }

  /** Renders a problem as a page in people's words. */
  problem(ctx: Context, problem: ProblemError): void {
    ctx.set('Cache-Control', 'no-store');
    const traceId = currentTraceId() ?? randomBytes(16).toString('hex');
    this.#document(ctx, problemPage(problem, traceId), []);
  }

  #document(
    ctx: Context,
    page: Extract<Reply, { title: string }>,
    notices: readonly string[],
  ): void {
    const { title, body, script, refreshSeconds, basket } = page;
    const document = layout({
      title,
      body,
      notices,
      refreshSeconds,
      path: ctx.path,
      role: callOf(ctx).principal?.role,
      itemsInBasket: countItems(basket ?? parseBasket(ctx.cookies.get(basketCookieName) ?? '')),
      categories: this.#memory.categories.recall(allCategories)?.value ?? [],
      search: new URLSearchParams(ctx.querystring).get('q')?.slice(0, 200) ?? '',
      styles: ['base.css', 'shop.css'].map((name) => this.#assets.url(name)),
      scripts: script ? [this.#assets.url(script)] : [],
      icon: this.#assets.url('icon.svg'),
    });
    ctx.set({
      'Content-Security-Policy': contentSecurityPolicy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
    });
    ctx.body = `<!doctype html>${renderToString(document)}`;
    ctx.type = 'text/html; charset=utf-8';
  }
}

/** Mounts pages by the plan that `pages.ts` has for them. */
export function pageMounter(
  router: Router,
  deps: { shell: Shell; neighbours: Neighbours; clock: Clock },
): <P extends PageName>(page: P, handler: PageHandler<P>) => void {
  const { shell, neighbours, clock } = deps;
  return (page, handler) => {
    const { method, path, signedIn } = planOf(page);
    router.register(path, [method], async (ctx: Context) => {
      if (signedIn && !callOf(ctx).principal) {
        shell.answer(ctx, { seeOther: signInFirst(ctx) }, []);
        return;
      }
      const visit = new Visit({ page, ctx, neighbours, clock });
      shell.answer(ctx, await handler(visit), visit.notices);
    });
  };
}

/** After signing in, a page that was asked for is shown; what was posted has to be posted again. */
function signInFirst(ctx: Context): string {
  const [, area = ''] = ctx.path.split('/');
  const next = ctx.method === 'POST' ? `/${area}` : `${ctx.path}${ctx.search}`;
  return `/sign-in?next=${encodeURIComponent(localPath(next))}`;
}
