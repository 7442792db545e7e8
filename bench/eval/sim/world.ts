import type { Cause, ChangeEvent } from '@faultline/origin/model';
import type { Handler } from './exec.ts';
import type { Kernel, Signal } from './kernel.ts';
import type { Telemetry } from './telemetry.ts';

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

/** Everything that lives in one run. */
export class World {
  /** By service, then by `METHOD route`. */
  readonly handlers: Readonly<Record<string, Readonly<Record<string, Handler>>>>;
  readonly kernel: Kernel;
  readonly telemetry: Telemetry;
  readonly settings: Settings;
  readonly instances: Instance[] = [];
  readonly faults: Fault[] = [];
  /** When each fault was first met by a request. */
  readonly firstHit = new Map<number, number>();
  readonly weights = new Map<string, ReadonlyMap<string, number>>();
  readonly streams = new Map<string, Stream>();
  #busyMs = 0;
  #slowdown = 1;
  #stallUntilMs = 0;
  #postgresBusy = 0;

  constructor(options: {
    handlers: World['handlers'];
    kernel: Kernel;
    telemetry: Telemetry;
    settings: Settings;
  }) {
    this.handlers = options.handlers;
    this.kernel = options.kernel;
    this.telemetry = options.telemetry;
    this.settings = options.settings;
    this.#watchMachine();
  }

  stall(ms: number): void {
    this.#stallUntilMs = Math.max(this.#stallUntilMs, this.kernel.nowMs + ms);
  }

  /** How much longer everything takes than on an idle machine. */
  get slowdown(): number {
    return this.#slowdown * (this.kernel.nowMs < this.#stallUntilMs ? 6 : 1);
  }

  useCpu(ms: number): void {
    this.#busyMs += ms;
  }

  /** The load on PostgreSQL itself, which all services share. */
  enterPostgres(): number {
    this.#postgresBusy++;
    return Math.max(1, this.#postgresBusy / 24);
  }

  leavePostgres(): void {
    this.#postgresBusy--;
  }

  of(service: string): Instance[] {
    return this.instances.filter((one) => one.service === service && one.state !== 'gone');
  }

  change(event: Omit<ChangeEvent, 'atMs'>, lateMs = 0): void {
    const { nowMs } = this.kernel;
    this.telemetry.change({ atMs: nowMs, ...event }, lateMs);
  }

  /** The active faults at one spot that hit this very request. */
  met(
    at: Fault['at'],
    spot: { from?: string; to: string; instance?: Instance },
    chance: number = this.kernel.random(),
  ): Fault | undefined {
    if (this.faults.length === 0) return undefined;
    const { nowMs } = this.kernel;
    const fault = this.faults.find(
      (one) =>
        one.at === at &&
        one.to === spot.to &&
        nowMs >= one.startMs &&
        nowMs < one.endMs &&
        (one.from === undefined || one.from === spot.from) &&
        (one.instance === undefined || one.instance === spot.instance?.name) &&
        (one.version === undefined || one.version === spot.instance?.version) &&
        chance < one.share,
    );
    if (fault && !this.firstHit.has(fault.id)) this.firstHit.set(fault.id, nowMs);
    return fault;
  }

  #watchMachine(): void {
    const periodMs = 250;
    const tick = (): void => {
      const used = this.#busyMs / (periodMs * this.settings.cores);
      this.#busyMs = 0;
      const target = 1 / (1 - Math.min(0.92, used));
      this.#slowdown = this.#slowdown * 0.6 + target * 0.4;
      this.kernel.after(periodMs, tick);
    };
    this.kernel.after(periodMs, tick);
  }
}

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
