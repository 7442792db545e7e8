import { request } from 'node:http';
import type { Clock } from '@faultline/chassis/clock';
import type { Deployment, ProbeSpec } from '../manifests/model.ts';
import { connectOptions, type Address } from '../net/address.ts';
import { afterProbe, initialProbeState, type ProbeState } from './probe.ts';

/** Asks one health endpoint once. Never rejects. */
export type Check = (probe: ProbeSpec) => Promise<'success' | 'failure'>;

// While a container is starting it is asked this often, whatever its period, so that the whole
// system is up as soon as it can be. The time it is given is still period × failureThreshold.
const startingPeriodMs = 100;

/**
 * Follows a container's probes until `signal` aborts: `onReady` tells each change of readiness;
 * it resolves with the failed probe's name when the container has to be restarted.
 */
export async function watchHealth(options: {
  probes: Deployment['probes'];
  check: Check;
  clock: Clock;
  signal: AbortSignal;
  onReady(ready: boolean): void;
}): Promise<'startup' | 'liveness' | undefined> {
  const { probes, signal } = options;
  if (probes.startup && !(await hasStarted(probes.startup, options))) {
    return signal.aborted ? undefined : 'startup';
  }
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const readiness = watchReadiness({ ...options, signal: stop });
  const isAlive = await watchLiveness(options);
  failed.abort();
  await readiness;
  return isAlive ? undefined : 'liveness';
}

type Watch = Parameters<typeof watchHealth>[0];

async function hasStarted(probe: ProbeSpec, { check, clock, signal }: Watch): Promise<boolean> {
  const periodMs = Math.min(probe.periodMs, startingPeriodMs);
  const budgetMs = probe.initialDelayMs + probe.periodMs * probe.failureThreshold;
  const deadline = clock.monotonic() + budgetMs;
  while (!signal.aborted) {
    if ((await check(probe)) === 'success') return true;
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(periodMs, signal);
  }
  return false;
}

async function watchReadiness({ probes, check, clock, signal, onReady }: Watch): Promise<void> {
  const probe = probes.readiness;
  if (probe === undefined) {
    if (!signal.aborted) onReady(true);
    return;
  }
  let state: ProbeState = initialProbeState;
  while (!signal.aborted) {
    const next = afterProbe(state, await check(probe), probe);
    if (signal.aborted) return;
    if (next.verdict !== state.verdict && next.verdict !== 'unknown') {
      onReady(next.verdict === 'healthy');
    }
    state = next;
    const fast = state.verdict === 'healthy' ? probe.periodMs : startingPeriodMs;
    await clock.sleep(Math.min(probe.periodMs, fast), signal);
  }
}

async function watchLiveness({ probes, check, clock, signal }: Watch): Promise<boolean> {
  const probe = probes.liveness;
  if (probe === undefined) {
    await aborted(signal);
    return true;
  }
  await clock.sleep(Math.max(probe.initialDelayMs, probe.periodMs), signal);
  let state: ProbeState = initialProbeState;
  while (!signal.aborted) {
    state = afterProbe(state, await check(probe), probe);
    if (state.verdict === 'failed' && !signal.aborted) return false;
    await clock.sleep(probe.periodMs, signal);
  }
  return true;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}

/** Checks over HTTP, as the kubelet does. */
export function httpCheck(addressOf: (port: string | number) => Address | undefined): Check {
  return (probe) => {
    const address = addressOf(probe.port);
    return address === undefined ? Promise.resolve('failure') : checkHttp(address, probe);
  };
}

/** Asks once, on a connection of its own: any status from 200 to 399 is healthy. */
export function checkHttp(
  address: Address,
  { path, timeoutMs }: Pick<ProbeSpec, 'path' | 'timeoutMs'>,
): ReturnType<Check> {
  return new Promise((resolve) => {
    const call = request(
      {
        ...connectOptions(address),
        path,
        agent: false,
        headers: { host: 'localhost', 'user-agent': 'kube-probe/faultline' },
        signal: AbortSignal.timeout(timeoutMs),
      },
      ({ statusCode = 500 }) => {
        resolve(statusCode >= 200 && statusCode < 400 ? 'success' : 'failure');
        call.destroy();
      },
    );
    call.on('error', () => resolve('failure'));
    call.end();
  });
}
