// What the control plane says it goes by, as `faultline mesh routes` and `mesh policy` tell it; only
// what is put into words here.

type ValueMatch = { readonly type: string; readonly value: string };

export type RouteMatch = {
  readonly method?: string;
  readonly path?: ValueMatch;
  readonly headers?: readonly { readonly name: string; readonly match: ValueMatch }[];
  readonly query?: readonly { readonly name: string; readonly match: ValueMatch }[];
};

export type Timeouts = {
  readonly requestMs?: number;
  readonly responseMs?: number;
  readonly idleMs?: number;
};

export type Retry = {
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly limit: number;
  readonly timeoutMs?: number;
};

export type RouteRule = {
  readonly matches: readonly RouteMatch[];
  readonly backends: readonly {
    readonly weight: number;
    readonly target: { readonly name?: string; readonly kind: string };
  }[];
  readonly timeouts: Timeouts;
  readonly retry?: Retry;
};

export type RoutedService = {
  readonly name: string;
  readonly port: number;
  readonly routes: readonly {
    readonly ref: { readonly name: string };
    readonly rules: readonly RouteRule[];
  }[];
  readonly timeouts: Timeouts;
  readonly retry?: Retry;
  readonly accrual?: {
    readonly maxFailures: number;
    readonly backoff: {
      readonly minMs: number;
      readonly maxMs: number;
      readonly jitterRatio: number;
    };
  };
};

export type RoutesReport = { readonly services: readonly RoutedService[] };

export type Grant = {
  readonly name: string;
  readonly authentication: {
    readonly identities?: readonly string[];
    readonly networks?: readonly { readonly cidr: string }[];
  };
};

export type RateLimit = {
  readonly ref: { readonly name: string };
  readonly totalPerSecond?: number;
  readonly identityPerSecond?: number;
  readonly overrides: readonly {
    readonly perSecond: number;
    readonly identities: readonly string[];
  }[];
};

export type InstancePolicy = {
  readonly name: string;
  readonly servers: readonly {
    readonly port: number;
    readonly ref: { readonly name: string };
    readonly authorizations: readonly Grant[];
    readonly rateLimit?: RateLimit;
  }[];
  readonly default: readonly { readonly name: string }[];
};

export type PolicyReport = { readonly instances: readonly InstancePolicy[] };
