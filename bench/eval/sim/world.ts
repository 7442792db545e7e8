import type { ChangeEvent } from '@faultline/origin/model';
import type { Kernel } from './kernel.ts';
import type { Telemetry } from './telemetry.ts';
import type { Fault, Instance, Operation, Settings, Stream } from './types.ts';

/** Everything that lives in one run. */
export class World {
  /** By service, then by `METHOD route`. */
  readonly handlers: Readonly<Record<string, Readonly<Record<string, Operation<World>>>>>;
  readonly kernel: Kernel;
  readonly telemetry: Telemetry;
  readonly settings: Settings;
  readonly instances: Instance[] = [];
  readonly faults: Fault[] = [];
  /** When each fault was first met by a request. */
  readonly firstHit = new Map<number, number>();
  /** How many met it in its first ten seconds. */
  readonly hits = new Map<number, number>();
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
    if (!fault) return undefined;
    if (!this.firstHit.has(fault.id)) this.firstHit.set(fault.id, nowMs);
    if (nowMs - fault.startMs < 10_000) {
      this.hits.set(fault.id, (this.hits.get(fault.id) ?? 0) + 1);
    }
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
