import { ProblemError } from '@faultline/chassis/errors';
import type { Middleware } from 'koa';
import { canonicalTarget } from '../canonical-path.ts';
import { edgeOf } from '../edge.ts';

const HOST = /^(?<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/;

/**
 * Settles whom and what a request is for: a Host of ours (a browser led here under another name
 * by DNS rebinding is turned away) and a path in canonical form.
 */
export function checkTarget(allowedHosts: readonly string[]): Middleware {
  const allowed = new Set(allowedHosts);
  return (ctx, next) => {
    const host = ctx.req.headers.host ?? '';
    const name = HOST.exec(host)?.groups?.['name'];
    if (name === undefined) throw refuse('invalid_request', 'Send one Host header: a plain name.');
    if (!allowed.has(name.toLowerCase())) {
      throw refuse('misdirected', 'The shop is not served under this host name.');
    }
    const { path, search, authority } = canonicalTarget(ctx.req.url ?? '');
    if (authority !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
      throw refuse('invalid_request', 'The target and the Host header name different hosts.');
    }
    Object.assign(edgeOf(ctx), { host, path, search });
    return next();
  };
}

function refuse(code: 'invalid_request' | 'misdirected', detail: string): ProblemError {
  return new ProblemError(code, detail, { headers: { Connection: 'close' } });
}
