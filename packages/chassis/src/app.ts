import { randomBytes } from 'node:crypto';
import Router from '@koa/router';
import Koa, { type Context, type Middleware, type Next } from 'koa';
import { currentTraceId, nameRoute } from '@faultline/telemetry/spans-api';
import { type CallContext, callHeaders } from './call.ts';
import { abortAt, type Clock } from './clock.ts';
import { ProblemError, toProblemDocument } from './errors.ts';
import type { Logger } from './log.ts';
import type { HttpMetrics } from './metrics.ts';

/** The route of what no route matches. */
const UNMATCHED = 'unmatched';

export type AppOptions = {
  name: string;
  version: string;
  requestTimeoutMs: number;
  clock: Clock;
  log: Logger;
  metrics: HttpMetrics;
  /** Whether the process is draining, so that replies ask for the connection to be closed. */
  draining: () => boolean;
  /** Renders a problem in another form than problem+json, for services that show pages. */
  renderProblem?: (ctx: Context, problem: ProblemError) => boolean;
};

/**
 * A Koa app with what every service does around its routes: version header, call context with
 * deadline, metrics by route pattern, access log, problem details. Returns the app and the router
 * to mount endpoints on; call `app.callback()` after mounting.
 */
export function createApp(options: AppOptions): { app: Koa; router: Router } {
  const app = new Koa();
  const router = new Router({ exclusive: false });
  app.silent = true;
  app.use(observe(options));
  app.use(answerProblems(options));
  app.use(establishCall(options));
  app.use(router.routes());
  app.use(refuseUnrouted(router));
  return { app, router };
}

/** Measures and logs every request; the first layer, so that refusals count too. */
export function observe({ metrics, clock, log, draining, version }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    const startedMs = clock.monotonic();
    const done = metrics.started();
    ctx.set('X-Service-Version', version);
    let finished = false;
    const finish = () => {
      if (finished) return;
      finished = true;
      const durationMs = clock.monotonic() - startedMs;
      const route = routeOf(ctx);
      done({ method: ctx.method, route, status: ctx.status, durationMs });
      const level = ctx.status >= 500 ? 'warn' : 'debug';
      log[level](
        { method: ctx.method, route, status: ctx.status, duration_ms: Math.round(durationMs) },
        'request',
      );
    };
    ctx.res.once('close', finish);
    await next();
    if (routeOf(ctx) !== UNMATCHED) nameRoute(routeOf(ctx));
    // A stream of events lasts as long as somebody watches: what took time is how it began.
    if (ctx.response.is('text/event-stream')) finish();
    if (draining() && !ctx.res.headersSent) ctx.set('Connection', 'close');
  };
}

/** The pattern that matched, never the path itself: the path is unbounded. */
function routeOf(ctx: Context): string {
  const matched: unknown = ctx['_matchedRoute'];
  return typeof matched === 'string' ? matched : (ctx.state['route'] ?? UNMATCHED);
}

/** Turns what the layers inside throw into problem details. */
export function answerProblems({ log, renderProblem }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    try {
      await next();
    } catch (error) {
      const problem = ProblemError.from(error);
      if (problem.status >= 500) log.error({ err: error, code: problem.code }, problem.message);
      if (ctx.res.headersSent) {
        ctx.res.destroy();
        return;
      }
      answer(ctx, problem, renderProblem);
    }
  };
}

function answer(ctx: Context, problem: ProblemError, render: AppOptions['renderProblem']): void {
  ctx.status = problem.status;
  ctx.set({ ...problem.options.headers });
  if (problem.options.retryAfterSeconds !== undefined) {
    ctx.set('Retry-After', String(problem.options.retryAfterSeconds));
  }
  // What is left of the body is read and dropped: closing on who still sends would hide the answer.
  ctx.req.resume();
  if (render?.(ctx, problem)) return;
  const traceId = currentTraceId() ?? randomBytes(16).toString('hex');
  ctx.body = JSON.stringify(toProblemDocument(problem, { instance: ctx.path, traceId }));
  ctx.set('Cache-Control', 'no-store');
  ctx.type = 'application/problem+json';
}

/** Puts the call context on the request: deadline, principal and client as the headers say. */
export function establishCall({ clock, requestTimeoutMs }: AppOptions): Middleware {
  return async (ctx: Context, next: Next) => {
    const gone = new AbortController();
    ctx.res.once('close', () => {
      if (!ctx.res.writableFinished)
        gone.abort(new DOMException('the caller has gone', 'AbortError'));
    });
    const allowedMs = Math.min(requestTimeoutMs, callerTimeoutMs(ctx) ?? requestTimeoutMs);
    if (allowedMs <= 0) throw expired();
    const deadlineMs = clock.monotonic() + allowedMs;
    const call: CallContext = {
      signal: gone.signal,
      deadlineMs,
      principal: principalFrom(ctx),
      clientAddress: ctx.get(callHeaders.clientAddress) || undefined,
    };
    ctx.state['call'] = call;
    // The deadline ends with the handler, the signal does not: a stream that goes on learns by it
    // that nobody listens any more.
    const deadline = abortAt(clock, deadlineMs, gone);
    try {
      await next();
    } catch (error) {
      if (gone.signal.aborted && !(error instanceof ProblemError)) throw expired(error);
      throw error;
    } finally {
      deadline[Symbol.dispose]();
    }
  };
}

function expired(cause?: unknown): ProblemError {
  return new ProblemError('deadline_exceeded', 'The deadline of the request has passed.', {
    cause,
  });
}

function callerTimeoutMs(ctx: Context): number | undefined {
  const header = ctx.get(callHeaders.timeoutMs);
  return /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

function principalFrom(ctx: Context): CallContext['principal'] {
  const id = ctx.get(callHeaders.principalId);
  return id ? { id, role: ctx.get(callHeaders.principalRole) || 'customer' } : undefined;
}

function refuseUnrouted(router: Router): Middleware {
  return async (ctx: Context) => {
    if (ctx['_matchedRoute'] !== undefined || ctx.respond === false) return;
    const { path } = router.match(ctx.path, ctx.method);
    const allowed = new Set(path.flatMap((layer) => layer.methods));
    if (allowed.size === 0) throw new ProblemError('not_found', 'There is no such resource.');
    throw new ProblemError('method_not_allowed', `${ctx.method} is not possible here.`, {
      headers: { Allow: [...allowed].join(', ') },
    });
  };
}
