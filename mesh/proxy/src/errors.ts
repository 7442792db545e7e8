/** Everything that can go wrong between taking a request and passing on a reply. */
export type ErrorKind =
  | 'fail-fast'
  | 'load-shed'
  | 'request-timeout'
  | 'response-timeout'
  | 'idle-timeout'
  | 'retry-timeout'
  | 'connect-timeout'
  | 'connect'
  | 'reset'
  | 'protocol'
  /** No connection to a meshed peer could be made; another endpoint may take the request. */
  | 'unreachable'
  | 'no-route'
  | 'no-service'
  | 'invalid-backend'
  | 'denied'
  | 'egress-denied'
  | 'rate-limited'
  /** The client went away. */
  | 'cancelled'
  /** A fault that takes the connection away instead of answering. */
  | 'injected-reset'
  | 'unexpected';

type Answer = {
  readonly status: number;
  /** Whether the client is asked to close its connection. */
  readonly closes: boolean;
  /** `error` of `*_http_errors_total`, where it counts there. */
  readonly metric: string | undefined;
  /** `error` of `outbound_http_route_request_statuses_total`. */
  readonly label: string;
};

const CLOSES = true;
const KEEPS = false;

/**
 * linkerd2-proxy's error map: status, `error` of errors_total (none for what policy counts), `error` of
 * statuses_total, and whether the client is asked to close.
 */
const ANSWERS: Readonly<Record<ErrorKind, readonly [number, string | undefined, string, boolean]>> =
  {
    'fail-fast': [504, 'failfast', 'FAIL_FAST', CLOSES],
    'load-shed': [503, 'loadshed', 'LOAD_SHED', CLOSES],
    'request-timeout': [504, 'response timeout', 'REQUEST_TIMEOUT', KEEPS],
    'response-timeout': [504, 'response timeout', 'RESPONSE_HEADERS_TIMEOUT', KEEPS],
    'idle-timeout': [504, 'response timeout', 'IDLE_TIMEOUT', KEEPS],
    'retry-timeout': [504, 'response timeout', 'RESPONSE_HEADERS_TIMEOUT', KEEPS],
    'connect-timeout': [504, 'i/o', 'IO', CLOSES],
    connect: [502, 'i/o', 'IO', CLOSES],
    reset: [502, 'i/o', 'RESET', CLOSES],
    protocol: [502, 'i/o', 'IO', CLOSES],
    unreachable: [502, 'i/o', 'IO', CLOSES],
    'no-route': [404, undefined, 'UNKNOWN', KEEPS],
    'no-service': [502, 'unexpected', 'UNKNOWN', KEEPS],
    'invalid-backend': [500, 'unexpected', 'UNKNOWN', KEEPS],
    denied: [403, undefined, 'UNKNOWN', KEEPS],
    'egress-denied': [403, 'unexpected', 'UNKNOWN', KEEPS],
    'rate-limited': [429, undefined, 'UNKNOWN', KEEPS],
    cancelled: [499, undefined, 'CANCEL', CLOSES],
    'injected-reset': [502, 'i/o', 'RESET', CLOSES],
    unexpected: [500, 'unexpected', 'UNKNOWN', CLOSES],
  };

/** A failure with a kind from the closed set; the outermost layer adds where it happened. */
export class ProxyError extends Error {
  override name = 'ProxyError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  get answer(): Answer {
    const [status, metric, label, closes] = ANSWERS[this.kind];
    return { status, metric, label, closes };
  }

  static from(error: unknown): ProxyError {
    if (error instanceof ProxyError) return error;
    return new ProxyError('unexpected', 'unexpected error', { cause: error });
  }
}
