import type Router from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import { readJsonBody } from './body.ts';
import type { CallContext, Principal } from './call.ts';
import { ProblemError } from './errors.ts';

/** Who may call: anybody, anybody but known when signed in, a signed-in principal, an admin, a neighbour. */
export type Access = 'anyone' | 'optional' | 'principal' | 'admin' | 'internal';

/**
 * One HTTP operation as data: what validates, what documents and what a client calls are the same
 * value. Paths are Koa patterns (`/api/v1/orders/:id`); bodies are JSON unless `rawBody`.
 */
export type Endpoint = {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly headers?: z.ZodType;
  readonly body?: z.ZodType;
  /** The body is a stream of one of these media types and is handed over unparsed. */
  readonly rawBody?: readonly string[];
  readonly bodyLimitBytes?: number;
  /** Schemas of the JSON replies by status; `null` is a reply without a JSON body. */
  readonly replies: Readonly<Record<number, z.ZodType | null>>;
};

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** The statuses an endpoint answers with, each with its body. */
export type ReplyOf<E extends Endpoint> = {
  [Status in keyof E['replies'] & number]: {
    status: Status;
    headers?: Readonly<Record<string, string | string[]>>;
  } & (E['replies'][Status] extends z.ZodType
    ? { body: z.input<E['replies'][Status]> }
    : { body?: unknown });
}[keyof E['replies'] & number];

/** What a handler gets: parsed input, who asks, until when. */
export type Request<E extends Endpoint> = {
  params: Parsed<E['params']>;
  query: Parsed<E['query']>;
  headers: Parsed<E['headers']>;
  body: Parsed<E['body']>;
  call: CallContext;
  /** For what JSON in, JSON out does not cover: streams, cookies, server-sent events. */
  ctx: Context;
};

export type Handler<E extends Endpoint> = (request: Request<E>) => Promise<ReplyOf<E>>;

const JSON_BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Serves `endpoint` on `router`. Input that does not fit is a 400 with a pointer to each field;
 * a principal or role that is missing is a 401 or 403.
 */
export function mount<const E extends Endpoint, const R extends ReplyOf<E>>(
  router: Router,
  endpoint: E,
  handler: (request: Request<E>) => Promise<R>,
): void {
  router.register(endpoint.path, [endpoint.method], async (ctx: Context) => {
    const call = callOf(ctx);
    authorise(endpoint.access, call.principal);
    // The schemas of E produced these values; TypeScript cannot follow that through the lookup.
    const request = {
      params: endpoint.params && parsePart(endpoint.params, 'params', ctx['params']),
      query: endpoint.query && parsePart(endpoint.query, 'query', queryOf(ctx)),
      headers: endpoint.headers && parsePart(endpoint.headers, 'headers', ctx.headers),
      body: endpoint.body && parsePart(endpoint.body, 'body', await jsonBody(endpoint, ctx)),
      call,
      ctx,
    } as Request<E>;
    const reply = await handler(request);
    if (ctx.respond !== false) send(ctx, reply);
  });
}

function jsonBody(endpoint: Endpoint, ctx: Context): Promise<unknown> {
  return readJsonBody(ctx.req, endpoint.bodyLimitBytes ?? JSON_BODY_LIMIT_BYTES);
}

/** The call context that the app's first middleware put on the request. */
export function callOf(ctx: Context): CallContext {
  return ctx.state['call'];
}

/** The principal of a call whose endpoint's access guarantees one. */
export function principalOf(call: CallContext): Principal {
  if (!call.principal) throw new ProblemError('unauthenticated', 'Sign in to use this resource.');
  return call.principal;
}

function authorise(access: Access, principal: Principal | undefined): void {
  if (access !== 'principal' && access !== 'admin') return;
  if (!principal) {
    throw new ProblemError('unauthenticated', 'Sign in to use this resource.', {
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }
  if (access === 'admin' && principal.role !== 'admin') {
    throw new ProblemError('forbidden', 'This resource needs the role admin.');
  }
}

/**
 * The query as it was sent; a name that occurs more than once has a list of values.
 * @throws ProblemError `invalid_request` when it holds NUL or the name `__proto__`.
 */
export function queryOf(ctx: Context): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (value.includes('\u0000')) throw new ProblemError('invalid_request', 'The query holds NUL.');
    // Schemas pass over this name in silence, even those that refuse what they do not know.
    if (name === '__proto__') throw new ProblemError('invalid_request', 'The query is not plain.');
    const seen = query[name];
    query[name] = seen === undefined ? value : [...(Array.isArray(seen) ? seen : [seen]), value];
  }
  return { ...query };
}

/**
 * Parses one part of a request.
 * @throws ProblemError `invalid_request` with `errors: [{pointer, detail}]`.
 */
export function parsePart<S extends z.ZodType>(
  schema: S,
  part: string,
  value: unknown,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 20).map((issue) => ({
    pointer: `/${[part, ...issue.path].map((step) => String(step).slice(0, 64)).join('/')}`,
    detail: issue.message.slice(0, 200),
  }));
  throw new ProblemError('invalid_request', `The request's ${part} did not validate.`, {
    extensions: { errors },
  });
}

function send(
  ctx: Context,
  reply: { status: number; headers?: Readonly<Record<string, string | string[]>>; body?: unknown },
): void {
  ctx.status = reply.status;
  if (reply.headers) ctx.set({ ...reply.headers });
  if (reply.body === undefined || reply.body === null) ctx.body = null;
  else ctx.body = reply.body;
  if (reply.status >= 400 && isJson(reply.body)) ctx.type = 'application/problem+json';
  ctx.status = reply.status;
}

/** Whether Koa sends `body` as JSON: bytes and streams are what their handler says they are. */
function isJson(body: unknown): boolean {
  return Object.getPrototypeOf(body ?? '') === Object.prototype;
}
