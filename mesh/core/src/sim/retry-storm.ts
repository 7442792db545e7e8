import { backoffMs } from '../backoff.ts';
import type { Random } from '../random.ts';
import { type BudgetPolicy, RetryBudget } from '../retry-budget.ts';
import { EventQueue } from './event-queue.ts';

/** One service under open-loop load, its callers' retries, and a trigger that takes capacity away. */
export type RetryStorm = {
  readonly offeredPerSecond: number;
  readonly workers: number;
  readonly serviceMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** Pause before a retry: none, or exponential from `minMs` with full jitter. */
  readonly backoffFromMs?: number;
  readonly budget?: BudgetPolicy;
  readonly queueMax?: number;
  /** Throw away at dequeue what nobody waits for any more. */
  readonly dropExpired?: boolean;
  /** Serve the newest first while more than this many wait. */
  readonly lifoAbove?: number;
  readonly trigger: { readonly fromMs: number; readonly forMs: number; readonly capacity: number };
  readonly untilMs: number;
};

/** What happened in each second: answers in time, and attempts that reached the service. */
export type StormSecond = { goodput: number; attempts: number };

type Attempt = { deadlineMs: number; settled: boolean; settle: (ok: boolean) => void };

/** Runs the model in virtual time; the same `random` gives the same run. */
export function simulateRetryStorm(storm: RetryStorm, random: Random): StormSecond[] {
  const events = new EventQueue();
  const seconds: StormSecond[] = Array.from({ length: Math.ceil(storm.untilMs / 1_000) }, () => ({
    goodput: 0,
    attempts: 0,
  }));
  const second = () => seconds[Math.min(seconds.length - 1, Math.floor(events.nowMs / 1_000))];
  const count = (what: keyof StormSecond) => {
    const current = second();
    if (current) current[what]++;
  };
  const submit = service(storm, events);
  const budget = storm.budget && new RetryBudget(storm.budget);

  function attempt(number: number): void {
    count('attempts');
    const deadlineMs = events.nowMs + storm.timeoutMs;
    const pending: Attempt = {
      deadlineMs,
      settled: false,
      settle(ok) {
        if (pending.settled) return;
        pending.settled = true;
        if (ok) count('goodput');
        else retry(number);
      },
    };
    events.after(storm.timeoutMs, () => pending.settle(false));
    submit(pending);
  }

  function retry(number: number): void {
    if (number >= storm.retries || (budget && !budget.withdraw(events.nowMs))) return;
    const pauseMs =
      storm.backoffFromMs === undefined
        ? 0
        : random() *
          backoffMs({ minMs: storm.backoffFromMs, maxMs: 10_000, jitterRatio: 0 }, number, random);
    events.after(pauseMs, () => attempt(number + 1));
  }

  function arrive(): void {
    budget?.deposit(events.nowMs);
    attempt(0);
    events.after((-Math.log(1 - random()) * 1_000) / storm.offeredPerSecond, arrive);
  }
  events.after(0, arrive);
  events.run(storm.untilMs);
  return seconds;
}

/** The service: a queue in front of workers, some of which are gone while the trigger lasts. */
function service(storm: RetryStorm, events: EventQueue): (attempt: Attempt) => void {
  const queue: (Attempt | undefined)[] = [];
  let head = 0;
  let busy = 0;
  const waiting = () => queue.length - head;
  const capacity = () => {
    const { fromMs, forMs, capacity: share } = storm.trigger;
    const reduced = events.nowMs >= fromMs && events.nowMs < fromMs + forMs;
    return reduced ? Math.round(storm.workers * share) : storm.workers;
  };
  function take(): Attempt | undefined {
    if (waiting() > (storm.lifoAbove ?? Number.POSITIVE_INFINITY)) return queue.pop();
    const next = queue[head];
    queue[head++] = undefined;
    if (head > 10_000) {
      queue.splice(0, head);
      head = 0;
    }
    return next;
  }
  function work(): void {
    while (busy < capacity() && waiting() > 0) {
      const next = take();
      if (!next || (storm.dropExpired && next.settled)) continue;
      busy++;
      events.after(storm.serviceMs, () => {
        busy--;
        next.settle(events.nowMs <= next.deadlineMs);
        work();
      });
    }
  }
  events.after(storm.trigger.fromMs + storm.trigger.forMs, work);
  return (attempt) => {
    if (waiting() >= (storm.queueMax ?? Number.POSITIVE_INFINITY)) {
      attempt.settle(false);
      return;
    }
    queue.push(attempt);
    work();
  };
}
