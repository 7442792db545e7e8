import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { z } from 'zod';
import { type CallContext, callHeaders } from './call.ts';
import { type Clock, deadlineSignal } from './clock.ts';
import type { Endpoint } from './endpoint.ts';
import { ProblemError } from './errors.ts';
import type { ClientMetrics } from './metrics.ts';

/** As CommonJS it is one file: its sixty ES modules take 60 ms more of each start. */
const { default: axios, isAxiosError }: typeof import('axios') = createRequire(import.meta.url)(
  'axios',
);

/**
 * Why a neighbour gave no usable answer. `refused`: it was not reached, so nothing happened there.
 * `unknown`: no answer came in time or the connection broke, so it may or may not have acted.
 * `failed`: it answered 5xx, 429 or something the contract does not know.
 */
export type DependencyFailure = 'refused' | 'unknown' | 'failed';

/** A neighbour did not answer as its contract says. Becomes a 503 or 504 unless it is handled. */
export class DependencyError extends ProblemError {
  override name = 'DependencyError';
  readonly dependency: string;
  readonly failure: DependencyFailure;
  readonly upstreamStatus: number | undefined;

  constructor(options: {
    dependency: string;
    failure: DependencyFailure;
    upstreamStatus?: number;
    cause?: unknown;
  }) {
    const { dependency, failure, upstreamStatus, cause } = options;
    const timedOut = failure === 'unknown';
    super(
      timedOut ? 'deadline_exceeded' : 'unavailable',
      `The service ${dependency} is not available.`,
      {
        dependency,
        retryAfterSeconds: 1,
        cause,
      },
    );
    this.dependency = dependency;
    this.failure = failure;
    this.upstreamStatus = upstreamStatus;
  }
}

type Input<S> = S extends z.ZodType ? z.input<S> : never;

/** The parts of a request an endpoint declares; the others are absent. */
export type ClientRequest<E extends Endpoint> = {
  [
    Part in 'params' | 'query' | 'body' | 'headers' as E[Part] extends z.ZodType ? Part : never
  ]: Input<E[Part]>;
};

/** A reply the contract knows, parsed. */
export type ClientReply<E extends Endpoint> = {
  [Status in keyof E['replies'] & number]: {
    status: Status;
    headers: Readonly<Record<string, string | string[]>>;
    body: E['replies'][Status] extends z.ZodType ? z.output<E['replies'][Status]> : undefined;
  };
}[keyof E['replies'] & number];

/** Calls the endpoints of one neighbour. Holds no retry, no breaker: the mesh does that. */
export type HttpClient = {
  /**
   * Sends a request and parses the reply by the endpoint's schema for its status.
   * @throws DependencyError for a status the endpoint does not declare, or no answer.
   */
  call<const E extends Endpoint>(
    endpoint: E,
    request: ClientRequest<E>,
    call: CallContext,
  ): Promise<ClientReply<E>>;
};

const REPLY_LIMIT_BYTES = 4 * 1024 * 1024;

/** A client of `name` at `baseUrl`, with keep-alive; `timeoutMs` bounds each call within its deadline. */
export function createHttpClient(options: {
  name: string;
  baseUrl: string;
  timeoutMs: number;
  clock: Clock;
  metrics: ClientMetrics;
}): HttpClient {
  const http = axios.create({
    baseURL: options.baseUrl,
    httpAgent: new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: 60_000 }),
    maxRedirects: 0,
    maxContentLength: REPLY_LIMIT_BYTES,
    responseType: 'text',
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
    headers: { Accept: 'application/json', 'User-Agent': 'faultline' },
  });
  return {
    async call(endpoint, request, call) {
      const startedMs = options.clock.monotonic();
      const outcome = (status: string) =>
        options.metrics.finished({
          peer: options.name,
          method: endpoint.method,
          status,
          durationMs: options.clock.monotonic() - startedMs,
        });
      try {
        const response = await send({
          http,
          clock: options.clock,
          timeoutMs: options.timeoutMs,
          endpoint,
          request,
          call,
        });
        outcome(String(response.status));
        return parseReply(options.name, endpoint, response);
      } catch (error) {
        if (error instanceof DependencyError) throw error;
        outcome('error');
        throw new DependencyError({
          dependency: options.name,
          failure: failureOf(error),
          cause: error,
        });
      }
    },
  };
}

async function send(options: {
  http: AxiosInstance;
  clock: Clock;
  timeoutMs: number;
  endpoint: Endpoint;
  request: { params?: unknown; query?: unknown; body?: unknown; headers?: unknown };
  call: CallContext;
}): Promise<AxiosResponse<unknown>> {
  const { http, clock, endpoint, request, call } = options;
  const nowMs = clock.monotonic();
  const deadlineMs = Math.min(call.deadlineMs, nowMs + options.timeoutMs);
  using deadline = deadlineSignal(clock, deadlineMs, call.signal);
  return await http.request({
    method: endpoint.method,
    url: expandPath(
      endpoint.path,
      z.record(z.string(), z.coerce.string()).parse(request.params ?? {}),
    ),
    params: request.query,
    paramsSerializer: { indexes: null },
    ...(request.body === undefined ? {} : { data: JSON.stringify(request.body) }),
    signal: deadline.signal,
    headers: {
      ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...z.record(z.string(), z.string()).parse(request.headers ?? {}),
      ...contextHeaders(call, Math.max(1, Math.round(deadlineMs - nowMs))),
    },
  });
}

/** The headers that carry a call to the next service. `timeoutMs` is what is left of the deadline. */
export function contextHeaders(call: CallContext, timeoutMs: number): Record<string, string> {
  return {
    [callHeaders.timeoutMs]: String(timeoutMs),
    ...(call.principal
      ? {
          [callHeaders.principalId]: call.principal.id,
          [callHeaders.principalRole]: call.principal.role,
        }
      : {}),
    ...(call.clientAddress ? { [callHeaders.clientAddress]: call.clientAddress } : {}),
  };
}

/** Puts `params` into a Koa path pattern, encoded. */
export function expandPath(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`path ${pattern} needs the parameter '${name}'`);
    return encodeURIComponent(value);
  });
}

function parseReply<E extends Endpoint>(
  dependency: string,
  endpoint: E,
  response: AxiosResponse<unknown>,
): ClientReply<E> {
  const schema = endpoint.replies[response.status];
  const fail = (cause?: unknown) =>
    new DependencyError({ dependency, failure: 'failed', upstreamStatus: response.status, cause });
  if (schema === undefined) throw fail();
  let body: unknown;
  if (schema !== null) {
    try {
      body = schema.parse(JSON.parse(String(response.data)));
    } catch (error) {
      throw fail(error);
    }
  }
  // The schema of this very status produced the body; the mapped type cannot see that.
  return { status: response.status, headers: headersOf(response), body } as ClientReply<E>;
}

function headersOf(response: AxiosResponse<unknown>): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (typeof value === 'string' || Array.isArray(value)) headers[name] = value;
  }
  return headers;
}

function failureOf(error: unknown): DependencyFailure {
  const code = isAxiosError(error) ? error.code : undefined;
  return code === 'ECONNREFUSED' ||
    code === 'ENOTFOUND' ||
    code === 'EAI_AGAIN' ||
    code === 'ENOENT'
    ? 'refused'
    : 'unknown';
}
