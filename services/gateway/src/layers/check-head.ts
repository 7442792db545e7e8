import type { IncomingMessage } from 'node:http';
import { readAway } from '@faultline/chassis/body';
import { ProblemError } from '@faultline/chassis/errors';
import { headerCount } from '@faultline/chassis/server';
import type { Middleware } from 'koa';

const HEADERS_MAX = 100;
const TARGET_LENGTH_MAX = 8 * 1024;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Known, but for no resource of ours. */
const REFUSED_METHODS = new Set(['OPTIONS', 'TRACE', 'CONNECT']);
/** Two of these would be read differently by different readers. */
const SINGLE = [
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'idempotency-key',
  'origin',
  'expect',
];

/**
 * Refuses heads that Node's parser accepts and another might read differently, before anything
 * trusts them. After such a doubt the connection is closed.
 */
export function checkHead(): Middleware {
  return async (ctx, next) => {
    const problem = faultOf(ctx.req);
    // Whoever expects to be asked for his body may send it or not when he is refused instead.
    const mayNotSend = ctx.req.headers.expect !== undefined;
    if (problem || mayNotSend) ctx.set('Connection', 'close');
    if (problem) {
      if (!mayNotSend) await readAway(ctx.req);
      throw problem;
    }
    await next();
  };
}

function faultOf(req: IncomingMessage): ProblemError | undefined {
  const method = req.method ?? '';
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') {
    return bad(`HTTP/${req.httpVersion} is not spoken here.`);
  }
  if (headerCount(req) > HEADERS_MAX) {
    return new ProblemError('headers_too_large', `Send at most ${HEADERS_MAX} header fields.`);
  }
  if ((req.url ?? '').length > TARGET_LENGTH_MAX) {
    return new ProblemError('uri_too_long', `A URI may have ${TARGET_LENGTH_MAX} characters.`);
  }
  if (req.url === '*') return bad('The target * is not possible here.');
  if (REFUSED_METHODS.has(method)) {
    return new ProblemError('method_not_allowed', `${method} is not possible here.`, {
      headers: { Allow: METHODS.join(', ') },
    });
  }
  if (!METHODS.includes(method)) {
    return new ProblemError('not_implemented', `The method ${method} is not known.`);
  }
  return duplicate(req) ?? framingFault(req);
}

function duplicate(req: IncomingMessage): ProblemError | undefined {
  const twice = SINGLE.find((name) => (req.headersDistinct[name]?.length ?? 0) > 1);
  return twice === undefined ? undefined : bad(`The header ${twice} may occur once.`);
}

function framingFault(req: IncomingMessage): ProblemError | undefined {
  const {
    'content-length': length,
    'transfer-encoding': encoding,
    expect,
    'x-http-method-override': override,
  } = req.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    return new ProblemError('not_implemented', 'The only transfer coding is chunked.');
  }
  if (encoding !== undefined && req.httpVersion === '1.0') {
    return bad('HTTP/1.0 has no transfer codings.');
  }
  if (length !== undefined && !/^(0|[1-9]\d{0,14})$/.test(length)) {
    return bad('Content-Length must be a plain decimal number.');
  }
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    return bad('The only expectation that can be met is 100-continue.');
  }
  if (override !== undefined) return bad('The method cannot be overridden.');
  const hasBody = encoding !== undefined || (length !== undefined && length !== '0');
  if (hasBody && (req.method === 'GET' || req.method === 'HEAD')) {
    return bad(`A ${req.method} request has no body.`);
  }
  return undefined;
}

function bad(detail: string): ProblemError {
  return new ProblemError('invalid_request', detail);
}
