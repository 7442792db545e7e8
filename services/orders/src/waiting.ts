import type { CallContext } from '@faultline/chassis/call';
import type { OrdersDeps } from './deps.ts';

/** What is left of a caller's deadline belongs to the reply's way back. */
const REPLY_MARGIN_MS = 500;
const LOOK_MS_MAX = 1_000;

/**
 * Looks with `look` at every change of the order until it finds something, for as long as placing
 * an order may wait within the call's deadline; then undefined.
 */
export async function waitForOrder<T>(
  deps: Pick<OrdersDeps, 'clock' | 'changes' | 'placeWaitMs'>,
  wait: { orderId: string; call: CallContext },
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { clock, changes, placeWaitMs } = deps;
  const { deadlineMs, signal } = wait.call;
  const untilMs = Math.min(clock.monotonic() + placeWaitMs, deadlineMs - REPLY_MARGIN_MS);
  using watch = changes.watch(wait.orderId);
  for (;;) {
    const found = await look();
    const leftMs = untilMs - clock.monotonic();
    if (found !== undefined || leftMs <= 0 || signal.aborted) return found;
    await watch.next(Math.min(leftMs, LOOK_MS_MAX), signal);
  }
}
