import type { Cause } from '@faultline/origin/model';
import type { Process, Signal, Token } from './kernel.ts';

/** What a fault does to what it meets; `app` effects are the program's own doing. */
export type Effect =
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs: number }
  | { readonly kind: 'error'; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** More work on the thread of the instance, for each request. */
  | { readonly kind: 'cpu'; readonly ms: number };

export type Fault = {
  readonly id: number;
  readonly at: 'outbound' | 'inbound' | 'app' | 'tcp' | 'consumer';
  /** Callers it is limited to; for `tcp` the services whose connections are hit. */
  readonly from?: string;
  /** Service, store, provider or stream. */
  readonly to: string;
  readonly instance?: string;
  readonly version?: string;
  /** 0 to 1. */
  readonly share: number;
  readonly direction: 'request' | 'response';
  readonly effect: Effect;
  readonly startMs: number;
  readonly endMs: number;
};

/** What comes back from a call: a status, or the reason why there is none. */
export type Reply = { readonly status: number; readonly cause?: Cause };

export type Breaker = { failures: number; shutUntilMs: number; trips: number; probing: boolean };

export type Instance = {
  readonly service: string;
  readonly name: string;
  readonly version: string;
  /** `gone` ones are never seen again; `dead` ones come back. */
  state: 'starting' | 'ready' | 'draining' | 'dead' | 'gone';
  /** Whether others still send to it: they learn late. */
  listed: boolean;
  sidecarAlive: boolean;
  bornMs: number;
  cpuFreeMs: number;
  poolFree: number;
  readonly poolWaiting: Signal<void>[];
  readonly inFlight: Set<Signal<Reply>>;
  served: number;
  readonly breakers: Map<string, Breaker>;
  readonly failFastSince: Map<string, number>;
  readonly load: Map<string, number>;
};

export type Settings = {
  readonly postgresMs: number;
  readonly cores: number;
  readonly gcEveryMs: number;
  readonly gcMs: number;
  /** Sporadic failures of calls, as a share. */
  readonly blipShare: number;
};

export type Entry = { readonly traceId: string; readonly spanId: string; readonly type: string };

/** A Redis stream with one group. */
export type Stream = {
  readonly name: string;
  readonly group: string;
  readonly service: string;
  readonly entries: Entry[];
  pending: number;
  handled: number;
};

/** Where work is done, and as which part of a trace. */
export type Served = {
  readonly instance: Instance;
  readonly token: Token;
  readonly context: { readonly traceId: string; readonly spanId: string };
};

/** One operation of a service: does the work, answers its status. */
export type Operation<World> = (served: Served & { readonly world: World }) => Process<number>;
