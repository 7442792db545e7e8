import type { ProblemError } from '@faultline/chassis/errors';
import type { Context } from 'koa';
import { edgeOf } from './edge.ts';
import { escapeHtml } from './html.ts';

const STYLE =
  'body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}';

/** Shows a problem to a person who wanted a page; false for who wanted something else. */
export function renderProblem(ctx: Context, problem: ProblemError): boolean {
  const { path } = edgeOf(ctx);
  const isApi = path === undefined || path === '/api' || path.startsWith('/api/');
  if (isApi || !ctx.get('Accept').includes('text/html')) return false;
  const retry = problem.retryable ? '<p>It may work again in a moment.</p>' : '';
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${problem.status}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style>
<main><h1>${problem.status}</h1><p>${escapeHtml(problem.message)}</p>${retry}
<p><a href="/">To the shop</a></p></main></html>`;
  ctx.type = 'text/html; charset=utf-8';
  return true;
}
