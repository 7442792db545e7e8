import type { ProblemError } from '@faultline/chassis/errors';
import { currentTraceId } from '@faultline/telemetry/spans-api';
import { html } from 'htm/preact';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import { sendHtml } from './layout.ts';

/** Shows a problem as a page of the back office; false for the API, which answers problem+json. */
export function renderAdminProblem(ctx: Context, problem: ProblemError): boolean {
  if (!ctx.path.startsWith('/admin')) return false;
  const content = html`<h1>${titleOf(problem)}</h1>
    <p>${problem.message}</p>
    ${errorList(problem)}
    <p class="muted">Trace ${currentTraceId() ?? 'not recorded'}</p>`;
  sendHtml(ctx, { title: titleOf(problem), content, path: ctx.path, status: problem.status });
  return true;
}

/** A neighbour's refusal, to be shown above the form that caused it. */
export function notice(text: string | undefined): ComponentChildren {
  return text === undefined ? null : html`<p class="notice" role="alert">${text}</p>`;
}

function titleOf(problem: ProblemError): string {
  if (problem.status === 404) return 'Not found';
  if (problem.status === 403) return 'Not allowed';
  if (problem.options.dependency) return `${problem.options.dependency} cannot be reached`;
  return problem.status >= 500 ? 'Something failed' : 'That did not work';
}

function errorList(problem: ProblemError): ComponentChildren {
  const errors = problem.options.extensions?.['errors'];
  if (!Array.isArray(errors)) return null;
  return html`<ul>
    ${errors.map((error) => html`<li>${String(error.pointer)}: ${String(error.detail)}</li>`)}
  </ul>`;
}
