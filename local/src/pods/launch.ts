import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Environment } from '../config.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';
import type { Member } from '../mesh/member.ts';
import { formatListen } from '../net/address.ts';
import { relocate, resolveEnv, type SecretLookup } from './env.ts';
import type { PodPorts } from './ports.ts';

/** Where things are that every pod is given. */
export type PodSurroundings = {
  root: string;
  /** By service folder: a copy of what the system was started with, once there is one. */
  baseTrees: ReadonlyMap<string, string>;
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

/** The process that a pod's container is, with its whole environment. */
export function planLaunch(options: {
  deployment: Deployment;
  pod: string;
  ports: PodPorts;
  member: Member;
  around: PodSurroundings;
}): Launch {
  const { deployment, pod, around, member } = options;
  const [program = '', ...args] = deployment.command;
  const isNode = program === 'node';
  const limit = deployment.memoryLimitMiB;
  // Without this V8 sizes its heap by the machine; the rest of the limit is for what is not heap.
  const heap = isNode && limit ? [`--max-old-space-size=${Math.round(limit * 0.75)}`] : [];
  const own = resolveEnv({
    deployment,
    pod: { name: pod, ip: '127.0.0.1' },
    configMaps: around.configMaps,
    secret: (name, key) => {
      const value = around.secret(name, key);
      return value && member.storeUrl(value);
    },
  });
  return {
    command: isNode ? process.execPath : program,
    args: [...heap, ...args],
    // An edit of the working tree must not reach what runs by way of a restart.
    cwd: join(
      deployment.tree ?? around.baseTrees.get(deployment.folder) ?? around.root,
      'services',
      deployment.folder,
    ),
    env: {
      ...inherited(around.env),
      HOSTNAME: pod,
      NODE_COMPILE_CACHE: around.compileCacheDir,
      ...relocate(own, volumeFolders(deployment, pod, around)),
      ...listenVariables(options.ports),
      ...(member.outboundUrl === undefined ? {} : proxyVariables(member.outboundUrl)),
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

/** Removes a pod's emptyDir volumes. */
export async function removeScratch(pod: string, around: PodSurroundings): Promise<void> {
  // Processes that the container has left behind may still write there.
  await rm(scratchFolder(pod, around), { recursive: true, force: true, maxRetries: 3 });
}

function scratchFolder(pod: string, { scratchDir }: PodSurroundings): string {
  return join(scratchDir, pod);
}

function volumeFolders(
  deployment: Deployment,
  pod: string,
  around: PodSurroundings,
): Map<string, string> {
  return new Map(
    deployment.mounts.map(({ mountPath, volume, claim }) => {
      const folder = claim
        ? join(around.volumesDir, claim)
        : join(scratchFolder(pod, around), volume);
      mkdirSync(folder, { recursive: true });
      return [mountPath, folder];
    }),
  );
}
