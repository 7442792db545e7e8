import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Environment } from '../config.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';
import { formatListen, type Address } from '../net/address.ts';
import { freePort } from '../net/free-port.ts';
import { relocate, resolveEnv, type SecretLookup } from './env.ts';

export type PodPorts = { name: string; containerPort: number; address: Address }[];

/** Where things are that every pod is given. */
export type PodSurroundings = {
  root: string;
  runtimeDir: string;
  scratchDir: string;
  volumesDir: string;
  compileCacheDir: string;
  configMaps: Manifests['configMaps'];
  secret: SecretLookup;
  /** The engine's own environment, of which a few variables are passed on. */
  env: Environment;
};

/** How to start a container as a process. */
export type Launch = {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
};

/** Gives each of a pod's ports an address: a Unix socket for `http` in the mesh, else loopback. */
export async function assignPorts(
  deployment: Deployment,
  options: { pod: string; runtimeDir: string; takenPorts: Set<number> },
): Promise<PodPorts> {
  const ports: PodPorts = [];
  for (const { name, containerPort } of deployment.ports) {
    if (name === 'http' && deployment.meshed) {
      ports.push({
        name,
        containerPort,
        address: { path: join(options.runtimeDir, `${options.pod}.sock`) },
      });
      continue;
    }
    const port = await freePort(options.takenPorts);
    options.takenPorts.add(port);
    ports.push({ name, containerPort, address: { host: '127.0.0.1', port } });
  }
  return ports;
}

/** Returns what `assignPorts` took. */
export function releasePorts(ports: PodPorts, takenPorts: Set<number>): void {
  removeSockets(ports);
  for (const { address } of ports) {
    if ('port' in address) takenPorts.delete(address.port);
  }
}

/** Removes Unix sockets: a process that was killed leaves its own, and no other can listen there. */
export function removeSockets(ports: PodPorts): void {
  for (const { address } of ports) {
    if ('path' in address) rmSync(address.path, { force: true });
  }
}

/** The process that a pod's container is, with its whole environment. */
export function planLaunch(options: {
  deployment: Deployment;
  pod: string;
  ports: PodPorts;
  outboundUrl: string | undefined;
  around: PodSurroundings;
}): Launch {
  const { deployment, pod, around } = options;
  const [program = '', ...args] = deployment.command;
  const isNode = program === 'node';
  const limit = deployment.memoryLimitMiB;
  // Without this V8 sizes its heap by the machine; the rest of the limit is for what is not heap.
  const heap = isNode && limit ? [`--max-old-space-size=${Math.round(limit * 0.75)}`] : [];
  const own = resolveEnv({
    deployment,
    pod: { name: pod, ip: '127.0.0.1' },
    configMaps: around.configMaps,
    secret: around.secret,
  });
  return {
    command: isNode ? process.execPath : program,
    args: [...heap, ...args],
    cwd: join(around.root, 'services', deployment.folder),
    env: {
      ...inherited(around.env),
      HOSTNAME: pod,
      NODE_COMPILE_CACHE: around.compileCacheDir,
      ...relocate(own, volumeFolders(deployment, pod, around)),
      ...listenVariables(options.ports),
      ...(options.outboundUrl === undefined ? {} : proxyVariables(options.outboundUrl)),
    },
  };
}

const passedOn = /^(HOME|LANG|TZ|TMPDIR|LOG_LEVEL|NODE_EXTRA_CA_CERTS|OTEL_.*)$/;

function inherited(env: Environment): Record<string, string> {
  const path = [dirname(process.execPath), env['PATH'] ?? '/usr/bin:/bin'].join(delimiter);
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && passedOn.test(entry[0]),
  );
  return { PATH: path, ...Object.fromEntries(kept) };
}

function listenVariables(ports: PodPorts): Record<string, string> {
  return Object.fromEntries(
    ports.map(({ name, address }) => [
      `LISTEN_${name.toUpperCase().replaceAll('-', '_')}`,
      formatListen(address),
    ]),
  );
}

function proxyVariables(url: string): Record<string, string> {
  const direct = '127.0.0.1,localhost,::1';
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    NO_PROXY: direct,
    no_proxy: direct,
    NODE_USE_ENV_PROXY: '1',
  };
}

function volumeFolders(
  deployment: Deployment,
  pod: string,
  around: PodSurroundings,
): Map<string, string> {
  return new Map(
    deployment.mounts.map(({ mountPath, volume, claim }) => {
      const folder = claim ? join(around.volumesDir, claim) : join(around.scratchDir, pod, volume);
      mkdirSync(folder, { recursive: true });
      return [mountPath, folder];
    }),
  );
}
