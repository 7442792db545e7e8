import { readFormBody } from '@faultline/chassis/body';
import type { CallContext } from '@faultline/chassis/call';
import { callOf } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import type { Context } from 'koa';
import type { ComponentChildren } from 'preact';
import { sendHtml } from './layout.ts';

const FORM_LIMIT_BYTES = 64 * 1024;

/** What a page is made from. */
export type Visit = {
  call: CallContext;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** The submitted form; empty for a GET. */
  form: URLSearchParams;
};

/** What a page comes to: something to show, or where to go after a change. */
export type Outcome =
  | { title: string; content: ComponentChildren; status?: number }
  | { redirect: string };

export type PageHandler = (visit: Visit) => Promise<Outcome>;

/** A page of the back office: for admins only, shown in the layout. */
export function page(handler: PageHandler): (ctx: Context) => Promise<void> {
  return async (ctx) => {
    const call = callOf(ctx);
    if (call.principal?.role !== 'admin') {
      throw new ProblemError('forbidden', 'The back office needs the role admin.');
    }
    const form =
      ctx.method === 'POST' ? await readFormBody(ctx.req, FORM_LIMIT_BYTES) : new URLSearchParams();
    const query = new URLSearchParams(ctx.querystring);
    const outcome = await handler({ call, params: ctx['params'], query, form });
    if ('redirect' in outcome) {
      ctx.redirect(outcome.redirect);
      ctx.status = 303;
      return;
    }
    sendHtml(ctx, { ...outcome, path: ctx.path });
  };
}
