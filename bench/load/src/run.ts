import { type Clock, systemClock } from '@faultline/chassis/clock';
import { arrivals, type Arrival } from './arrivals.ts';
import { Customers, type Credentials } from './customers.ts';
import { type Good, learnGoods } from './goods.ts';
import { type Send, userAgent } from './http.ts';
import type { Journey } from './journeys/journey.ts';
import { journeys as allJourneys } from './journeys/list.ts';
import { OrderBook } from './order-book.ts';
import type { Outcome } from './outcome.ts';
import type { LoadReport } from './report.ts';
import { StepFailed, Steps } from './steps.ts';
import { Tally } from './tally.ts';

export type LoadOptions = {
  /** Where the gateway answers, such as `http://localhost:8080`. */
  target: string;
  /** Requests a second, on average. */
  rps: number;
  durationMs: number;
  seed: number;
  /** Which journeys, by weight; default all, by their own weights. */
  weights?: Readonly<Record<string, number>>;
  /** The back office's account; without it nobody is sent there. */
  admin?: Credentials;
  /** Journeys under way at a time; whoever comes then is turned away and counted (default 500). */
  concurrencyMax?: number;
  /** For each request (default 10 s). */
  timeoutMs?: number;
  /** How many different customers sign up (default 10). */
  customersMax?: number;
  /** How long journeys under way may take when the time is over (default 30 s). */
  graceMs?: number;
  /** Ends the run early; the report is of what was. */
  signal?: AbortSignal;
  clock?: Clock;
  /** How requests are sent; default a user agent with connections that are kept alive. */
  send?: Send;
  journeys?: readonly Journey[];
  onOutcome?(outcome: Outcome): void;
  /** Called twice a second. */
  onProgress?(report: LoadReport): void;
};

const progressMs = 500;

/**
 * Sends people to a shop, at a rate that nothing the shop does can change (open loop): who finds it
 * slow waits, and those behind him come all the same.
 * @throws StepFailed when the shop does not answer at all.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  if (options.send) return runWith(options, options.send);
  const { target, clock = systemClock } = options;
  using agent = userAgent({ target, clock });
  return await runWith(options, agent);
}

async function runWith(options: LoadOptions, send: Send): Promise<LoadReport> {
  const { clock = systemClock, timeoutMs = 10_000, customersMax = 10, seed } = options;
  const stop = options.signal ?? new AbortController().signal;
  const goods = await learnGoods({ send, clock, signal: stop, timeoutMs });
  const customers = new Customers({ clock, most: customersMax, seed });
  const run = new Run(options, { clock, send, timeoutMs, goods, customers, stop });
  return run.toItsEnd();
}

type Parts = {
  clock: Clock;
  send: Send;
  timeoutMs: number;
  goods: readonly Good[];
  customers: Customers;
  stop: AbortSignal;
};

class Run {
  readonly #options: LoadOptions;
  readonly #parts: Parts;
  readonly #tally = new Tally();
  readonly #orders = new OrderBook();
  readonly #journeys: ReadonlyMap<string, Journey>;
  readonly #weights: Readonly<Record<string, number>>;
  readonly #pending = new Set<Promise<void>>();
  /** Cuts off what is under way. */
  readonly #cutOff = new AbortController();
  readonly #startedMs: number;
  #arrivalsEndedMs: number | undefined;
  /** What broke in a journey itself, first of all. */
  #mistake: { error: unknown } | undefined;

  constructor(options: LoadOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonic();
    const known = options.journeys ?? allJourneys;
    this.#journeys = new Map(known.map((journey) => [journey.name, journey]));
    this.#weights = chooseWeights(options, known);
  }

  async toItsEnd(): Promise<LoadReport> {
    const { clock, stop } = this.#parts;
    const over = new AbortController();
    const telling = this.#tellProgress(over.signal);
    await this.#sendPeople();
    this.#arrivalsEndedMs = clock.monotonic();
    const grace = new AbortController();
    const graceMs = stop.aborted ? Math.min(5_000, this.#graceMs()) : this.#graceMs();
    const atRest = Promise.all(this.#pending).then(() => grace.abort());
    await clock.sleep(graceMs, grace.signal);
    this.#cutOff.abort(new Error('the run is over'));
    await atRest;
    over.abort();
    await telling;
    if (this.#mistake) throw this.#mistake.error;
    return this.#report();
  }

  #graceMs(): number {
    return this.#options.graceMs ?? 30_000;
  }

  async #sendPeople(): Promise<void> {
    const { clock, stop } = this.#parts;
    const { seed, rps, durationMs } = this.#options;
    const weights = this.#weights;
    const crowd = { seed, weights, perSecond: rps / this.#requestsEach() };
    for (const arrival of arrivals(crowd)) {
      if (arrival.atMs > durationMs) break;
      // By the clock, so that being late once does not lower the rate.
      const waitMs = this.#startedMs + arrival.atMs - clock.monotonic();
      if (waitMs > 0) await clock.sleep(waitMs, stop);
      if (stop.aborted) return;
      this.#admit(arrival);
    }
    const leftMs = this.#startedMs + durationMs - clock.monotonic();
    if (leftMs > 0) await clock.sleep(leftMs, stop);
  }

  /** How many requests an average person makes. */
  #requestsEach(): number {
    const entries = Object.entries(this.#weights);
    const all = entries.reduce((sum, [, weight]) => sum + weight, 0);
    return entries.reduce(
      (sum, [name, weight]) => sum + (weight / all) * (this.#journeys.get(name)?.requests ?? 1),
      0,
    );
  }

  #admit(arrival: Arrival): void {
    if (this.#tally.inFlight >= (this.#options.concurrencyMax ?? 500)) {
      this.#tally.shed(arrival.journey);
      return;
    }
    const journey = this.#make(arrival).catch((error: unknown) => {
      this.#mistake ??= { error };
    });
    this.#pending.add(journey);
    void journey.then(() => this.#pending.delete(journey));
  }

  async #make({ journey: name, atMs, random }: Arrival): Promise<void> {
    const { clock, send, timeoutMs, goods, customers } = this.#parts;
    const dueMs = this.#startedMs + atMs;
    this.#tally.started(name, clock.monotonic() - dueMs);
    const steps = new Steps({
      journey: name,
      send,
      clock,
      signal: this.#cutOff.signal,
      startedMs: this.#startedMs,
      dueMs,
      timeoutMs,
      onOutcome: (outcome) => {
        this.#tally.request(outcome);
        this.#options.onOutcome?.(outcome);
      },
    });
    const { admin } = this.#options;
    const person = { steps, random, clock, goods, customers, orders: this.#orders, admin };
    const how = await travel(this.#journeys.get(name), person);
    this.#tally.ended(name, how, clock.monotonic() - dueMs);
  }

  async #tellProgress(over: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { onProgress } = this.#options;
    while (onProgress && !over.aborted) {
      onProgress(this.#report());
      await clock.sleep(progressMs, over);
    }
  }

  #report(): LoadReport {
    const { target, seed, rps } = this.#options;
    const endMs = this.#arrivalsEndedMs ?? this.#parts.clock.monotonic();
    const duration_ms = Math.round(endMs - this.#startedMs);
    return this.#tally.report({ target, seed, rps, duration_ms, orders: this.#orders.counts() });
  }
}

async function travel(
  journey: Journey | undefined,
  person: Parameters<Journey['make']>[0],
): Promise<'completed' | 'failed' | 'unfinished'> {
  try {
    await journey?.make(person);
    return 'completed';
  } catch (error) {
    if (person.steps.signal.aborted) return 'unfinished';
    // Everything else is a mistake in a journey, and none of the shop's.
    if (error instanceof StepFailed) return 'failed';
    throw error;
  }
}

function chooseWeights(
  { weights, admin }: LoadOptions,
  known: readonly Journey[],
): Readonly<Record<string, number>> {
  if (weights) return weights;
  const open = known.filter(({ name }) => name !== 'admin' || admin !== undefined);
  return Object.fromEntries(open.map(({ name, weight }) => [name, weight]));
}
