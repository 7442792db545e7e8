import { freePort, isFree } from '../net/free-port.ts';
import type { TraceStorePorts } from './trace-store.ts';

export type ObserverPorts = { prometheus: number; traces: TraceStorePorts };

const wellKnown = { prometheus: 9090, query: 16_686, otlp: 4318, console: 8081 };

/**
 * Where Prometheus and the trace store are to listen: where everybody expects them, or anywhere. A
 * well-known port that is taken is no error, as others run these programs too (a package's own
 * Prometheus listens on 9090): a free one is used, and the links tell.
 */
export async function chooseObserverPorts(
  how: 'fixed' | 'auto',
  taken: Set<number>,
): Promise<ObserverPorts> {
  const choose = async (port: number): Promise<number> => {
    const isUsual = how === 'fixed' && (await isFree(port));
    return isUsual ? port : freePort(taken);
  };
  return {
    prometheus: await choose(wellKnown.prometheus),
    traces: {
      query: await choose(wellKnown.query),
      otlp: await choose(wellKnown.otlp),
      console: await choose(wellKnown.console),
      admin: await freePort(taken),
    },
  };
}
