import { readFormBody } from '@faultline/chassis/body';
import { callOf, type Endpoint, parsePart, queryOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import {
  type ClientReply,
  type ClientRequest,
  DependencyError,
} from '@faultline/chassis/http-client';
import { idParams } from '@faultline/contracts/common';
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import type { z } from 'zod';
import type { AdminDeps, Neighbour } from './neighbours.ts';
import { type PageName, pages, type Reliance } from './pages.ts';
import { acceptedInput } from './refused-input.ts';
import { sendHtml } from './view/layout.ts';

const FORM_LIMIT_BYTES = 64 * 1024;
const ROWS = 50;

/** What a page shows. */
export type Shown = { title: string; content: ComponentChildren; status?: number };

/** What a page comes to: something to show, or where to go after a change. */
export type Outcome = Shown | { seeOther: string };

export type PageHandler = (visit: Visit) => Promise<Outcome>;

/** One request of an admin for one page. */
export class Visit {
  readonly ctx: Context;
  /** The query as it was sent, for links that keep it. */
  readonly query: URLSearchParams;
  /** What the visitor is told about parts that are missing. */
  readonly notices: string[] = [];
  readonly #page: PageName;
  readonly #deps: AdminDeps;

  constructor(options: { page: PageName; ctx: Context; deps: AdminDeps }) {
    this.ctx = options.ctx;
    this.#page = options.page;
    this.#deps = options.deps;
    queryOf(options.ctx); // refuses NUL
    this.query = new URLSearchParams(options.ctx.querystring);
  }

  /** The id of the admin who visits. */
  get adminId(): string | undefined {
    return callOf(this.ctx).principal?.id;
  }

  /** The id in the path; a 404 saying `there is no such ‹what›` when it is none. */
  id(what: string): string {
    const result = idParams.safeParse(this.ctx['params']);
    if (!result.success) throw none(what);
    return result.data.id;
  }

  /** The query of a list operation: a page of rows, and what the visitor chose. */
  listQuery<S extends z.ZodType>(schema: S): z.output<S> {
    const chosen = [...this.query].filter(([name, value]) => name !== 'limit' && value !== '');
    return parsePart(schema, 'query', { limit: ROWS, ...Object.fromEntries(chosen) });
  }

  /** The submitted form. */
  form(): Promise<URLSearchParams> {
    return readFormBody(this.ctx.req, FORM_LIMIT_BYTES);
  }

  /**
   * Asks a neighbour the page cannot do without.
   * @throws ProblemError `unavailable` with the page's notice when it does not answer.
   */
  async need<const E extends Endpoint>(
    neighbour: Neighbour,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<ClientReply<E>> {
    const reply = await this.#ask(neighbour, endpoint, request);
    if (!(reply instanceof DependencyError)) return reply;
    throw new ProblemError('unavailable', this.#reliance(neighbour).notice, {
      dependency: neighbour,
      retryAfterSeconds: 5,
      cause: reply,
    });
  }

  /** Asks a neighbour the page can do without; undefined, and a notice, when it does not answer. */
  async want<const E extends Endpoint>(
    neighbour: Neighbour,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<ClientReply<E> | undefined> {
    const reply = await this.#ask(neighbour, endpoint, request);
    if (!(reply instanceof DependencyError)) return reply;
    const { notice } = this.#reliance(neighbour);
    if (!this.notices.includes(notice)) this.notices.push(notice);
    return undefined;
  }

  async #ask<const E extends Endpoint>(
    neighbour: Neighbour,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<ClientReply<E> | DependencyError> {
    const { clock, neighbours } = this.#deps;
    const call = callOf(this.ctx);
    const budgetEndsMs = clock.monotonic() + this.#reliance(neighbour).budgetMs;
    const deadlineMs = Math.min(call.deadlineMs, budgetEndsMs);
    const reply = neighbours[neighbour].call(endpoint, request, { ...call, deadlineMs });
    return acceptedInput(reply).catch((error: unknown) => {
      if (error instanceof DependencyError) return error;
      throw error;
    });
  }

  #reliance(neighbour: Neighbour): Reliance {
    const reliance = pages[this.#page].asks[neighbour];
    if (!reliance) throw new TypeError(`${this.#page} asks ${neighbour}; pages.ts must say so`);
    return reliance;
  }
}

/** Mounts pages by the plan that `pages.ts` has for them: for admins only, shown in the layout. */
export function pageMounter(
  router: Router,
  deps: AdminDeps,
): (page: PageName, handler: PageHandler) => void {
  return (page, handler) => {
    const { method, path } = pages[page];
    router.register(path, [method], async (ctx: Context) => {
      requireAdmin(ctx);
      const visit = new Visit({ page, ctx, deps });
      const outcome = await handler(visit);
      if ('seeOther' in outcome) {
        ctx.status = 303;
        ctx.set({ Location: outcome.seeOther, 'Cache-Control': 'no-store' });
        ctx.body = '';
        return;
      }
      sendHtml(ctx, { ...outcome, notices: visit.notices });
    });
  };
}

/** A 404 saying that there is no such `what`. */
export function none(what: string): ProblemError {
  return new ProblemError('not_found', `There is no such ${what}.`);
}

function requireAdmin(ctx: Context): void {
  const { principal } = callOf(ctx);
  if (!principal) throw new ProblemError('unauthenticated', 'Sign in to use the back office.');
  if (principal.role !== 'admin') {
    throw new ProblemError('forbidden', 'The back office is for accounts with the role admin.');
  }
}
