import type { Attempt } from '@faultline/mesh-core/retry';
import type { ProxyError } from './errors.ts';
import { getHeader } from './http/headers.ts';
import type { Response } from './request.ts';

/** How an attempt ended. */
export type Result = { response: Response } | { error: ProxyError };

/** An attempt's end in the terms of the retry decision. */
export function outcomeOf(result: Result): Attempt {
  if ('error' in result) return failureOf(result.error);
  const { status, headers } = result.response;
  const isGrpc = getHeader(headers, 'content-type')?.startsWith('application/grpc') ?? false;
  const grpcStatus = isGrpc ? getHeader(headers, 'grpc-status') : undefined;
  return {
    kind: 'response',
    status,
    ...(grpcStatus !== undefined && { grpcStatus: Number(grpcStatus) }),
  };
}

function failureOf({ kind, answer }: ProxyError): Attempt {
  switch (kind) {
    case 'fail-fast':
    case 'load-shed':
    case 'retry-timeout':
      return { kind: 'local', error: kind };
    case 'request-timeout':
    case 'response-timeout':
    case 'idle-timeout':
    case 'cancelled':
    case 'invalid-backend':
      // Errors rather than replies: no list of statuses covers them.
      return { kind: 'local', error: 'final' };
    default:
      return { kind: 'response', status: answer.status };
  }
}
