import { setTimeout as sleep } from 'node:timers/promises';
import { memoryKind } from '../processes.ts';
import { Flood } from './flood.ts';
import { memoryMb, metric, percentile, post, type StoreProcess } from './store-process.ts';

const SENDERS = 4;
const LOOK_EVERY_MS = 1_000;

export type SoakOptions = { minutes: number; spansPerSecond: number };

/** Sends spans at a steady rate for a while and watches what the process needs. */
export async function soak(
  store: StoreProcess,
  { minutes, spansPerSecond }: SoakOptions,
): Promise<Record<string, number>> {
  const flood = new Flood(1);
  const idleMb = memoryMb(store);
  const beganMs = performance.now();
  const endMs = beganMs + minutes * 60_000;
  const seen = { spans: 0, shed: 0, requestsMs: [] as number[], memoryMb: [] as number[] };
  const cpuBefore = await metric(store, 'process_cpu_seconds_total');
  const send = async () => {
    for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
      const dueMs = beganMs + (seen.spans / spansPerSecond) * 1_000;
      if (dueMs > nowMs) await sleep(dueMs - nowMs);
      const { body, spans } = flood.next(Date.now());
      seen.spans += spans;
      const sentMs = performance.now();
      if ((await post(store, body)) !== 200) seen.shed += 1;
      seen.requestsMs.push(performance.now() - sentMs);
    }
  };
  const look = async () => {
    while (performance.now() < endMs) {
      seen.memoryMb.push(memoryMb(store));
      await sleep(LOOK_EVERY_MS);
    }
  };
  await Promise.all([...Array.from({ length: SENDERS }, send), look()]);
  const seconds = (performance.now() - beganMs) / 1_000;
  const kind = memoryKind.toUpperCase();
  return {
    'minutes of soak': seconds / 60,
    'spans per second sent': seen.spans / seconds,
    'requests turned away': seen.shed,
    'CPU seconds per second':
      ((await metric(store, 'process_cpu_seconds_total')) - cpuBefore) / seconds,
    'p50 ms of a request of 100 spans': percentile(seen.requestsMs, 0.5),
    'p99 ms of a request of 100 spans': percentile(seen.requestsMs, 0.99),
    [`${kind} MB, idle`]: idleMb,
    [`${kind} MB, median`]: percentile(seen.memoryMb, 0.5),
    [`${kind} MB, last minute's median`]: percentile(seen.memoryMb.slice(-60), 0.5),
    [`${kind} MB, most`]: Math.max(...seen.memoryMb),
    'budget MB': (await metric(store, 'faultline_store_max_bytes')) / 1_024 / 1_024,
    'of it in use': (await metric(store, 'faultline_store_bytes')) / 1_024 / 1_024,
    'JavaScript heap MB': (await metric(store, 'nodejs_heap_size_used_bytes')) / 1_024 / 1_024,
  };
}
