import type { Decision } from '../decisions.ts';
import { type ErrorKind, ProxyError } from '../errors.ts';
import { Body } from '../http/body.ts';
import type { Layer } from '../layer.ts';
import type { Request, Response } from '../request.ts';

/** Failures that are not answered: there is nobody, or the connection itself is to break. */
const UNANSWERED: Readonly<Record<Decision['direction'], ReadonlySet<ErrorKind>>> = {
  outbound: new Set(['cancelled']),
  inbound: new Set(['cancelled', 'injected-reset']),
};

/**
 * Turns errors into replies by linkerd's map: empty, with the chain of where and what in
 * `l5d-proxy-error`. An inbound proxy explains itself only to clients that proved who they are.
 */
export function rescue(direction: Decision['direction']): Layer {
  return (next) => (request) =>
    next(request).then(undefined, (thrown: unknown) => {
      const error = ProxyError.from(thrown);
      if (UNANSWERED[direction].has(error.kind)) throw error;
      const explained = direction === 'outbound' || request.client.identity !== undefined;
      return answerOf(error, explained ? describe(request, error) : undefined);
    });
}

function answerOf({ answer }: ProxyError, explanation: string | undefined): Response {
  const headers: string[] = [];
  if (explanation !== undefined) headers.push('l5d-proxy-error', explanation);
  if (explanation !== undefined && answer.closes) headers.push('l5d-proxy-connection', 'close');
  return { status: answer.status, headers, body: Body.empty(), closes: answer.closes };
}

function describe({ decision }: Request, error: ProxyError): string {
  decision.error = error.message;
  const { service, route, backend } = decision;
  return [
    service && `logical service ${service}`,
    route && `route ${route}`,
    backend && `backend ${backend}`,
    error.message,
  ]
    .filter((part) => part !== undefined)
    .join(': ')
    .replace(/[^\t\x20-\x7e]/g, '?');
}
