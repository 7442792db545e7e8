import type { Authentication } from './authorize.ts';
import type { Accrual } from './breaker.ts';
import type { Timeouts } from './annotations.ts';
import type { RateLimitPolicy } from './rate-limit.ts';
import type { RetryPolicy } from './retry.ts';

// What the control plane tells one proxy, as it travels: plain JSON, whole each time. A proxy swaps
// the new snapshot for the old one in one step and goes on with the last good one when none comes.

/** An object of the manifests, as labels name it. `group` is '' for what was synthesized. */
export type ObjectRef = {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
};

/** A pattern as the manifest writes it; patterns are compiled by the proxy, with the flag `u`. */
export type WireStringMatch = {
  readonly type: 'Exact' | 'RegularExpression';
  readonly value: string;
};

export type WireRouteMatch = {
  readonly path?: {
    readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
    readonly value: string;
  };
  readonly method?: string;
  readonly headers?: readonly { readonly name: string; readonly match: WireStringMatch }[];
  readonly query?: readonly { readonly name: string; readonly match: WireStringMatch }[];
};

type HeaderEdit = { readonly name: string; readonly value: string };

/** The filters Linkerd supports; a route with any other is not indexed, a backend with one is invalid. */
export type WireFilter =
  | {
      readonly type: 'RequestHeaderModifier' | 'ResponseHeaderModifier';
      readonly set: readonly HeaderEdit[];
      readonly add: readonly HeaderEdit[];
      readonly remove: readonly string[];
    }
  | {
      readonly type: 'RequestRedirect';
      readonly scheme?: string;
      readonly hostname?: string;
      readonly port?: number;
      readonly path?: {
        readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
        readonly value: string;
      };
      readonly status: number;
    };

export type WireBackend = {
  readonly weight: number;
  readonly filters: readonly WireFilter[];
  readonly target:
    | {
        readonly kind: 'service';
        readonly namespace: string;
        readonly name: string;
        readonly port: number;
      }
    /** Keeps its share of requests and answers each with 500 and this message. */
    | { readonly kind: 'invalid'; readonly message: string };
};

export type WireRule = {
  readonly matches: readonly WireRouteMatch[];
  readonly filters: readonly WireFilter[];
  /** At least one; a rule without backendRefs has the parent Service. Never all of weight 0 with two or more. */
  readonly backends: readonly WireBackend[];
  /** Already merged with the Service's: what applies. */
  readonly timeouts: Timeouts;
  readonly retry?: RetryPolicy;
};

export type WireRoute = {
  readonly ref: ObjectRef;
  readonly hostnames: readonly string[];
  readonly rules: readonly WireRule[];
};

/** One port of a Service, as its clients see it. */
export type WireServicePort = {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** `opaque` is TCP; `detect` is HTTP here, where every client speaks it. */
  readonly protocol: 'http' | 'h2' | 'opaque' | 'detect';
  /** In order: creation time, then name. Empty means the default route to the Service itself. */
  readonly routes: readonly WireRoute[];
  /** Used by the default route. */
  readonly timeouts: Timeouts;
  readonly retry?: RetryPolicy;
  readonly accrual?: Accrual;
  readonly penalizeFailures: boolean;
  /** Has no address of its own: each request goes to one of its pods, past routes and policies. */
  readonly headless?: true;
};

/** Where an instance can be reached. Its `socket` is the inbound side of its proxy, or the app itself when it has none. */
export type WireEndpoint = {
  readonly socket: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The identity its proxy proves; absent for what is not meshed, which is called in plain text. */
  readonly identity?: string;
  /** For metrics: dst_pod, dst_deployment, dst_serviceaccount, dst_pod_template_hash, dst_version. */
  readonly labels: Readonly<Record<string, string>>;
};

/** Ready endpoints of a Service port, under the key `namespace/name:port`. */
export type WireEndpoints = Readonly<Record<string, readonly WireEndpoint[]>>;

/** A TCP destination outside the mesh: a store or the payment provider, reached through a listener of the proxy. */
export type WireTcpTarget = {
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly to: { readonly host: string; readonly port: number };
};

/** An EgressNetwork: where it lies, and whether what none of its routes matches may be called. */
export type WireEgress = {
  readonly ref: ObjectRef;
  readonly networks: readonly { readonly cidr: string; readonly except: readonly string[] }[];
  readonly allows: boolean;
  /** What they match is let through as it is. */
  readonly routes: readonly {
    readonly port: number;
    readonly ref: ObjectRef;
    readonly hostnames: readonly string[];
    readonly rules: readonly { readonly matches: readonly WireRouteMatch[] }[];
  }[];
};

export type WireAuthorization = ObjectRef & {
  readonly authentication: Authentication;
  readonly audit?: boolean;
};

/** The inbound side of one port of this proxy's own instance. */
export type WireServer = {
  readonly port: number;
  readonly ref: ObjectRef;
  readonly protocol: 'http' | 'h2' | 'opaque' | 'detect';
  readonly authorizations: readonly WireAuthorization[];
  /** Routes attached to the Server; with any, what none matches is 404. */
  readonly routes: readonly {
    readonly ref: ObjectRef;
    readonly hostnames: readonly string[];
    readonly rules: readonly { readonly matches: readonly WireRouteMatch[] }[];
    readonly authorizations: readonly WireAuthorization[];
  }[];
  readonly rateLimit?: RateLimitPolicy & { readonly ref: ObjectRef };
};

/** A fault of the rehearsal, injected by the proxy that holds the edge. Ends at `untilMs` whatever happens. */
export type WireFault = {
  readonly id: string;
  /** Client side of an edge, or the server side of a service or one instance, or a TCP target. */
  readonly at: 'outbound' | 'inbound' | 'tcp';
  /** Destination Service of an outbound fault (`namespace/name`), TCP target's name of a tcp fault. */
  readonly target?: string;
  readonly match: { readonly method?: string; readonly pathPrefix?: string };
  /** 0 to 100 per cent of what matches. */
  readonly sharePercent: number;
  readonly direction: 'request' | 'response';
  /** Wall clock, milliseconds since the epoch. */
  readonly untilMs: number;
  readonly effect:
    | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
    | { readonly kind: 'error'; readonly status: number }
    | { readonly kind: 'reset' }
    | { readonly kind: 'blackhole' }
    | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
    | { readonly kind: 'slow-close'; readonly delayMs: number }
    | { readonly kind: 'truncate'; readonly afterBytes: number };
};

export type ProxySnapshot = {
  /** Grows with each change; a proxy reports the one it serves. */
  readonly version: number;
  /** The instance takes no traffic: clients from outside the mesh, who are not told, are to go elsewhere. */
  readonly leaving?: boolean;
  readonly services: readonly WireServicePort[];
  readonly endpoints: WireEndpoints;
  readonly tcpTargets: readonly WireTcpTarget[];
  /** Those of the client's own namespace come first. None: everything outside may be called. */
  readonly egress?: readonly WireEgress[];
  readonly servers: readonly WireServer[];
  /** For ports without a Server: `default-inbound-policy` as authorizations. */
  readonly defaultAuthorizations: readonly WireAuthorization[];
  /** GET-exact paths that probes may always ask for, where a port has no routes of its own. */
  readonly probePaths: readonly string[];
  readonly faults: readonly WireFault[];
};

/** Certificates as PEM. The chain is leaf first; anchors may overlap during a rotation. */
export type WireIdentity = {
  readonly chainPem: string;
  readonly anchorsPem: string;
  readonly notAfterMs: number;
};

/** Proxy to control plane, one JSON object a line. */
export type ProxyMessage =
  | {
      readonly type: 'hello';
      readonly instance: string;
      readonly token: string;
      readonly csrPem: string;
    }
  | { readonly type: 'certify'; readonly csrPem: string }
  | { readonly type: 'applied'; readonly version: number };

/** Control plane to proxy, one JSON object a line. */
export type ControlMessage =
  | { readonly type: 'identity'; readonly identity: WireIdentity }
  | { readonly type: 'snapshot'; readonly snapshot: ProxySnapshot }
  /** A token, CSR or instance that is not accepted; the connection closes. */
  | { readonly type: 'refused'; readonly reason: string };
