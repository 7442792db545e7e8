import { readFormBody } from '@faultline/chassis/body';
import type { CallContext, Principal } from '@faultline/chassis/call';
import type { Clock } from '@faultline/chassis/clock';
import { callOf, type Endpoint, principalOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import {
  type ClientReply,
  type ClientRequest,
  DependencyError,
  type HttpClient,
} from '@faultline/chassis/http-client';
import type { Context } from 'koa';
import { type Basket, basketCookieName, parseBasket } from './basket.ts';
import { type Fields, fieldsOf } from './forms.ts';
import { type Neighbour, type NeededBy, type PageName, planOf, type WantedBy } from './pages.ts';

const FORM_LIMIT_BYTES = 32 * 1024;
/** What is left of a request's time to render the page that says what did not answer. */
const RENDER_MS = 500;

export type Neighbours = Readonly<Record<Neighbour, HttpClient>>;

/** What came of a call: its reply, or why there is none. */
export type Attempt<T> = { ok: true; reply: T } | { ok: false; error: DependencyError };

/** One request for one page: who asks, what was sent, and the neighbours that the page may ask. */
export class Visit<P extends PageName> {
  readonly page: P;
  readonly ctx: Context;
  readonly query: URLSearchParams;
  readonly basket: Basket;
  /** What visitors are told about parts that are missing. */
  readonly notices: string[] = [];
  readonly #neighbours: Neighbours;
  readonly #clock: Clock;
  readonly #call: CallContext;

  constructor(options: { page: P; ctx: Context; neighbours: Neighbours; clock: Clock }) {
    this.page = options.page;
    this.ctx = options.ctx;
    this.query = queryOf(options.ctx);
    this.basket = parseBasket(options.ctx.cookies.get(basketCookieName) ?? '');
    this.#neighbours = options.neighbours;
    this.#clock = options.clock;
    this.#call = callOf(options.ctx);
  }

  get principal(): Principal | undefined {
    return this.#call.principal;
  }

  /** The principal of a page that only signed-in visitors reach. */
  get owner(): Principal {
    return principalOf(this.#call);
  }

  /** A part of the path, by the name it has in the page's pattern. */
  param(name: string): string {
    const params: Record<string, string> = this.ctx['params'];
    return params[name] ?? '';
  }

  /** The fields of the form that was sent. */
  async form(): Promise<Fields> {
    return fieldsOf(await readFormBody(this.ctx.req, FORM_LIMIT_BYTES));
  }

  /**
   * Asks a neighbour the page cannot do without.
   * @throws ProblemError `unavailable`, in words for visitors, when it does not answer.
   */
  async need<const E extends Endpoint>(
    neighbour: NeededBy<P>,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<ClientReply<E>> {
    const attempt = await this.attempt(neighbour, endpoint, request);
    if (attempt.ok) return attempt.reply;
    throw new ProblemError('unavailable', planFor(this.page, neighbour).whenDown, {
      reason: 'neighbour_down',
      dependency: neighbour,
      retryAfterSeconds: 5,
      cause: attempt.error,
    });
  }

  /** Asks a neighbour the page can do without; undefined, and a notice, when it does not answer. */
  async want<const E extends Endpoint>(
    neighbour: WantedBy<P>,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<ClientReply<E> | undefined> {
    const attempt = await this.attempt(neighbour, endpoint, request);
    if (attempt.ok) return attempt.reply;
    const { whenDown } = planFor(this.page, neighbour);
    if (whenDown && !this.notices.includes(whenDown)) this.notices.push(whenDown);
    return undefined;
  }

  /** Asks a neighbour within the page's time budget, for callers that care how it failed. */
  async attempt<const E extends Endpoint>(
    neighbour: Neighbour,
    endpoint: E,
    request: ClientRequest<E>,
  ): Promise<Attempt<ClientReply<E>>> {
    const { budgetMs } = planFor(this.page, neighbour);
    const deadlineMs = Math.min(
      this.#call.deadlineMs - RENDER_MS,
      this.#clock.monotonic() + budgetMs,
    );
    try {
      const call = { ...this.#call, deadlineMs };
      return { ok: true, reply: await this.#neighbours[neighbour].call(endpoint, request, call) };
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      if (error.upstreamStatus === 400) throw refusedInput(error);
      return { ok: false, error };
    }
  }
}

function planFor(page: PageName, neighbour: Neighbour) {
  const reliance = planOf(page).asks[neighbour];
  if (!reliance) throw new TypeError(`the page '${page}' asks ${neighbour}; pages.ts says no`);
  return reliance;
}

/** Such as a cursor of somebody's own making. */
function refusedInput(cause: DependencyError): ProblemError {
  return new ProblemError('invalid_request', 'Something in this address is not understood.', {
    cause,
  });
}

function queryOf(ctx: Context): URLSearchParams {
  const query = new URLSearchParams(ctx.querystring);
  for (const text of query.values()) {
    if (text.includes('\0')) {
      throw new ProblemError('invalid_request', 'Something in this address is not text.');
    }
  }
  return query;
}
