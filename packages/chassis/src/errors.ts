const kinds = {
  invalid_request: [400, 'Invalid request'],
  unauthenticated: [401, 'Authentication required'],
  payment_required: [402, 'Payment required'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'Request timeout'],
  conflict: [409, 'Conflict'],
  precondition_failed: [412, 'Precondition failed'],
  payload_too_large: [413, 'Payload too large'],
  uri_too_long: [414, 'URI too long'],
  unsupported_media_type: [415, 'Unsupported media type'],
  misdirected: [421, 'Misdirected request'],
  unprocessable: [422, 'Unprocessable content'],
  precondition_required: [428, 'Precondition required'],
  too_many_requests: [429, 'Too many requests'],
  headers_too_large: [431, 'Request header fields too large'],
  internal: [500, 'Internal error'],
  not_implemented: [501, 'Not implemented'],
  bad_gateway: [502, 'Bad gateway'],
  unavailable: [503, 'Service unavailable'],
  deadline_exceeded: [504, 'Deadline exceeded'],
} as const;

/** The closed set of failures a service may answer with. */
export type ProblemCode = keyof typeof kinds;

/** Everything about a problem but its code and its detail. */
export type ProblemOptions = {
  /** Machine-readable cause inside the code, such as `out_of_stock`. */
  reason?: string;
  /** Whether the same request may succeed later; by default for 408, 429, 502, 503 and 504. */
  retryable?: boolean;
  /** Which neighbour failed, when one did. */
  dependency?: string;
  /** Seconds for the `Retry-After` header. */
  retryAfterSeconds?: number;
  /** Further members of the problem document; must be safe to show to the caller. */
  extensions?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
};

/** The one error that services throw on purpose; it becomes an RFC 9457 document at the edge of the app. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    const { cause, ...rest } = options;
    super(detail, cause === undefined ? {} : { cause });
    this.code = code;
    this.options = rest;
  }

  get status(): number {
    return kinds[this.code][0];
  }

  get retryable(): boolean {
    return this.options.retryable ?? [408, 429, 502, 503, 504].includes(this.status);
  }

  /** Any thrown value as a problem; what is not one already is `internal`, with nothing leaked. */
  static from(error: unknown): ProblemError {
    if (error instanceof ProblemError) return error;
    return new ProblemError('internal', 'The service failed to handle the request.', {
      cause: error,
    });
  }
}

/** RFC 9457 problem details with our extensions. */
export type ProblemDocument = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  trace_id: string;
  retryable: boolean;
  reason?: string;
  dependency?: string;
  [extension: string]: unknown;
};

/** Renders `error` for the caller. `instance` is the request's path without its query. */
export function toProblemDocument(
  error: ProblemError,
  request: { instance: string; traceId: string },
): ProblemDocument {
  const { reason, dependency, extensions } = error.options;
  return {
    ...extensions,
    type: `urn:problem:${reason ?? error.code}`,
    title: kinds[error.code][1],
    status: error.status,
    detail: error.message,
    instance: request.instance,
    trace_id: request.traceId,
    retryable: error.retryable,
    ...(reason === undefined ? {} : { reason }),
    ...(dependency === undefined ? {} : { dependency }),
  };
}
