import type { ProblemError } from '@faultline/chassis/errors';
import { currentTraceId } from '@faultline/telemetry/spans-api';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import { sendHtml } from './layout.ts';

const titles: Readonly<Record<number, string>> = {
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Not found',
  413: 'Too large',
  503: 'Not available now',
  504: 'That took too long',
};

/** Shows a problem as a page of the back office; false for the API, which answers problem+json. */
export function renderAdminProblem(ctx: Context, problem: ProblemError): boolean {
  if (!/^\/admin(\/|$)/.test(ctx.path)) return false;
  const title =
    titles[problem.status] ?? (problem.status < 500 ? 'That did not work' : 'Something failed');
  const traceId = currentTraceId();
  const content = html`<h1>${title}</h1>
    <p>${problem.message}</p>
    ${errorList(problem)}
    ${problem.status === 401 && html`<p><a class="button" href="/sign-in?next=/admin">Sign in</a></p>`}
    ${traceId && html`<p class="muted">Trace <code>${traceId}</code></p>`}`;
  sendHtml(ctx, { title, content, status: problem.status });
  return true;
}

function errorList(problem: ProblemError): ComponentChildren {
  const errors = problem.options.extensions?.['errors'];
  if (!Array.isArray(errors)) return null;
  return html`<ul>
    ${errors.map((error) => html`<li>${String(error.pointer)}: ${String(error.detail)}</li>`)}
  </ul>`;
}
