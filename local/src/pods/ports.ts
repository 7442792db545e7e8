import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Deployment } from '../manifests/model.ts';
import type { Address } from '../net/address.ts';
import { freePort } from '../net/free-port.ts';

export type PodPorts = readonly { name: string; containerPort: number; address: Address }[];

/**
 * Gives each port of a container an address: in the mesh a Unix socket that only its sidecar and
 * the engine's probes are told, outside of it a loopback port.
 */
export async function assignPorts(
  { ports, meshed }: Deployment,
  options: { pod: string; runtimeDir: string; takenPorts: Set<number> },
): Promise<PodPorts> {
  const { pod, runtimeDir, takenPorts } = options;
  return Promise.all(
    ports.map(async ({ name, containerPort }) => {
      const address = meshed
        ? { path: join(runtimeDir, `${pod}.${name}`) }
        : await takeLoopback(takenPorts);
      return { name, containerPort, address };
    }),
  );
}

/** A free loopback port, noted in `takenPorts` until `giveBack`. */
export async function takeLoopback(takenPorts: Set<number>): Promise<LoopbackAddress> {
  return { host: '127.0.0.1', port: await freePort(takenPorts) };
}

export type LoopbackAddress = { host: string; port: number };

/** Returns what was taken. */
export function giveBack(addresses: readonly Address[], takenPorts: Set<number>): void {
  removeSockets(addresses);
  for (const address of addresses) {
    if ('port' in address) takenPorts.delete(address.port);
  }
}

/** Removes Unix sockets: a process that was killed leaves its own, and no other can listen there. */
export function removeSockets(addresses: readonly Address[]): void {
  for (const address of addresses) {
    if ('path' in address) rmSync(address.path, { force: true });
  }
}
