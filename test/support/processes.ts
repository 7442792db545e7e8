import type { Engine } from '../../local/src/engine-types.ts';

/** The process ids of instances and their sidecars, by service, but for those on their way out. */
export function pidsOf(system: { engine: Pick<Engine, 'status'> }): Record<string, string> {
  const { services } = system.engine.status();
  return Object.fromEntries(
    services.map(({ name, instances }) => {
      const staying = instances.filter(({ state }) => state !== 'Terminating');
      const pids = staying.flatMap((one) => [one.pid, one.proxy_pid]);
      return [name, pids.join(' ')];
    }),
  );
}

/** The services whose processes are others than before. */
export function changedSince(
  system: { engine: Pick<Engine, 'status'> },
  before: Record<string, string>,
): string[] {
  const now = pidsOf(system);
  return Object.keys(now).filter((name) => now[name] !== before[name]);
}
