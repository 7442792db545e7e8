import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@faultline/chassis/testing/eventually';
import { compilesAnew, startProcess } from '@faultline/chassis/testing/process';
import { createEmptyDatabase, testRedisUrl } from '@faultline/chassis/testing/stores';
import type { Deployment, Manifests } from '../../local/src/manifests/model.ts';
import { relocate, resolveEnv } from '../../local/src/pods/env.ts';
import { Secrets } from '../../local/src/stores/secrets.ts';
import { root } from '../../tools/config.ts';
import { prunedEndings } from '../cluster/support/dockerfile.ts';
import { lockedPackages } from './locked.ts';

type HowToLink = {
  isKept(name: string): boolean;
  put(from: string, to: string): void;
};

/** What lies in the image of every service, besides its own folder and the installed packages. */
export const shared = ['packages', 'observability/telemetry'];
const rootFiles = ['package.json', 'package-lock.json', '.npmrc'];
const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
const installMs = 120_000;
/** Of Redis's logical databases the one that no other test uses. */
const redisIndex = 15;

/** What a service's image is built from, installed, and nothing else. */
export class Tree implements AsyncDisposable {
  readonly service: string;
  readonly dir: string;

  private constructor(service: string, dir: string) {
    this.service = service;
    this.dir = dir;
  }

  /** Lays the tree out in a folder of its own and installs it as its Dockerfile does. */
  static install(service: string): Promise<Tree> {
    return Tree.#layOut(service, async (dir) => {
      await npm(['ci', '--workspace', `services/${service}`, ...flags], dir);
    });
  }

  /**
   * The same tree, made of the checkout's own files: of the packages that npm would install, without
   * what the image leaves out of them, and no other. Takes a fraction of the time. Its files are the
   * checkout's: do not change them.
   */
  static assemble(service: string): Promise<Tree> {
    const endings = prunedEndings(service);
    const isKept = (name: string) => !endings.some((ending) => name.endsWith(ending));
    return Tree.#layOut(service, async (dir) => {
      const how = { isKept, put: chooseLinkOrCopy(dir) };
      for (const path of await packagesOf(service)) await linkPackage(path, dir, how);
    });
  }

  static async #layOut(service: string, install: (dir: string) => Promise<void>): Promise<Tree> {
    const dir = await realpath(await mkdtemp(join(tmpdir(), `${service}-`)));
    const tree = new Tree(service, dir);
    try {
      for (const path of [...rootFiles, ...shared, `services/${service}`]) {
        await cp(join(root, path), join(dir, path), {
          recursive: true,
          filter: (source) => basename(source) !== 'node_modules',
        });
      }
      await install(dir);
    } catch (error) {
      await tree[Symbol.asyncDispose]();
      throw error;
    }
    return tree;
  }

  /** The folders of services in it. */
  services(): Promise<string[]> {
    return readdir(join(this.dir, 'services'));
  }

  /** Where the packages in it are, after an {@link install}. */
  async installed(): Promise<string[]> {
    const record = await readFile(join(this.dir, 'node_modules/.package-lock.json'), 'utf8');
    // npm wrote it, in its own format.
    const { packages } = JSON.parse(record) as { packages: Record<string, unknown> };
    return Object.keys(packages).filter((path) => path.startsWith('node_modules/'));
  }

  /** Runs a Deployment's command until it is ready, then stops it. Answers its exit code. */
  async run(deployment: Deployment, manifests: Manifests): Promise<number | null> {
    const database = await createEmptyDatabase();
    try {
      const [program, ...args] = deployment.command;
      if (program !== 'node')
        throw new Error(`run ${deployment.name}: expected node, not ${program}`);
      const service = await startProcess({
        dir: join(this.dir, 'services', this.service),
        args,
        env: {
          ...(await this.#environment(deployment, { manifests, databaseUrl: database.url })),
          ...compilesAnew,
        },
      });
      await eventually(async () => {
        const { status } = await fetch(`${service.admin}/readyz`);
        if (status !== 200) throw new Error(`${deployment.name} is not ready: ${status}`);
      });
      return (await service.stop()).code;
    } finally {
      await database.drop();
    }
  }

  /** The environment that the manifest gives it, with folders of its own for volumes. */
  async #environment(
    deployment: Deployment,
    { manifests, databaseUrl }: { manifests: Manifests; databaseUrl: string },
  ): Promise<Record<string, string>> {
    const database = `DATABASE_URL_${deployment.name.toUpperCase()}`;
    const secrets = new Secrets({
      manifests,
      env: { [database]: databaseUrl, REDIS_URL: testRedisUrl(redisIndex) },
      dir: join(this.dir, 'secrets'),
    });
    await secrets.whenKnown(deployment, AbortSignal.timeout(5_000));
    const env = resolveEnv({
      deployment,
      pod: { name: `${deployment.name}-alone`, ip: '127.0.0.1' },
      configMaps: manifests.configMaps,
      secret: (name, key) => secrets.lookup(name, key),
    });
    const volumes = join(this.dir, 'volumes');
    await mkdir(volumes, { recursive: true });
    const folders = deployment.mounts.map(({ mountPath }) => [mountPath, volumes] as const);
    return relocate(env, new Map(folders));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A folder with the manifests of these services and what belongs to all. */
export async function copyManifests(services: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'manifests-'));
  for (const path of ['deploy', ...services.map((service) => `services/${service}/deploy`)]) {
    await cp(join(root, path), join(dir, path), { recursive: true });
  }
  return dir;
}

/** Does `work` for every item, `width` at a time, in order; the promises of all, by item. */
export function spread<T, R>(
  items: readonly T[],
  { width, work }: { width: number; work: (item: T) => Promise<R> },
): Map<T, Promise<R>> {
  const turns: Promise<R>[] = [];
  for (const item of items) {
    const turn = Promise.allSettled([turns.at(-width)]).then(() => work(item));
    // Whoever asks for it is told.
    turn.catch(() => undefined);
    turns.push(turn);
  }
  return new Map(items.map((item, index) => [item, turns[index] ?? work(item)]));
}

/**
 * Where npm installs what a service needs to run, from the lockfile: `node_modules/…` each. Without
 * what is for other platforms, which the checkout has as little.
 */
export function packagesOf(service: string): Promise<string[]> {
  const asked = packages.get(service) ?? askForPackages(service);
  packages.set(service, asked);
  return asked;
}

const packages = new Map<string, Promise<string[]>>();

async function askForPackages(service: string): Promise<string[]> {
  const places = await lockedPackages(`services/${service}`);
  return places.filter((path) => existsSync(join(root, path)));
}

/** The package's own files, without those nested in it; our own packages as links, as npm does. */
async function linkPackage(path: string, dir: string, how: HowToLink): Promise<void> {
  const source = join(root, path);
  const real = await realpath(source);
  await mkdir(join(dir, dirname(path)), { recursive: true });
  if (real !== source) return symlink(join(dir, relative(root, real)), join(dir, path));
  linkFolder(source, join(dir, path), how);
}

/** At one go: there are thousands of files, and each promise costs as much as what it waits for. */
function linkFolder(source: string, target: string, how: HowToLink): void {
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || (entry.isFile() && !how.isKept(entry.name))) continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) linkFolder(from, to, how);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else how.put(from, to);
  }
}

/** Across file systems there are no hard links. */
function chooseLinkOrCopy(dir: string): HowToLink['put'] {
  const probe = join(dir, 'probe');
  try {
    linkSync(join(root, 'package-lock.json'), probe);
    rmSync(probe);
    return linkSync;
  } catch {
    return copyFileSync;
  }
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  // What an npm around the tests says of its own project would lead this one astray.
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|config_local_prefix)|^(INIT_CWD|NODE_OPTIONS)$/.test(name),
  );
  try {
    const options = { cwd, env: Object.fromEntries(own), timeout: installMs };
    return (await promisify(execFile)('npm', args, options)).stdout;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${said}`, { cause });
  }
}
