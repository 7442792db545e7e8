import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { type Clock, toRfc3339 } from '@faultline/chassis/clock';
import { bundle, bundledFolders } from '../../../../tools/setup/bundles.mjs';
import { EngineError } from '../../engine-error.ts';
import { ContractReader } from '../contracts/reader.ts';
import { checkContracts, checkTypes, type Running, runTests } from './checks.ts';
import { diffText, summarizeDiff } from './diff.ts';
import { readRelease, type Release, releaseVersion } from './release.ts';
import { applyPatch, type ReleaseSource, takeSource } from './source.ts';
import { contentHash, linkPackages } from './tree.ts';
import type { Workspace } from './workspaces.ts';

export type ReleaseRequest = {
  service: string;
  source: ReleaseSource;
  /** Default: the base version and a part of the content's hash. */
  version?: string;
  baseVersion: string;
  patch?: { name: string; text: string };
  env?: Readonly<Record<string, string>>;
  /** The version that runs now, to compare with. */
  after?: string;
  /** What runs now, to get along with. */
  running: readonly Running[];
  skip?: Release['skipped'];
  signal?: AbortSignal;
};

const keptMax = 20;

/** A release and where its code is: run its services with `tree` for a root. */
export type StoredRelease = { release: Release; tree: string };

/**
 * Versions of services, each a source tree of its own: the service's folder, the packages of the
 * project that it links, and links to what is installed. What runs from there does not notice any
 * edit of the working tree.
 */
export class ReleaseStore {
  readonly #root: string;
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #contracts = new ContractReader();

  constructor(options: { root: string; dir: string; clock: Clock }) {
    this.#root = options.root;
    this.#dir = options.dir;
    this.#clock = options.clock;
  }

  /**
   * Takes a snapshot, checks it and keeps it. The same content is the same release.
   * Throws `ReleaseRefused` when it must not run, `EngineError` when there is nothing to take.
   */
  async create(request: ReleaseRequest): Promise<StoredRelease> {
    const { service, source, patch } = request;
    await mkdir(this.#dir, { recursive: true });
    const work = await mkdtemp(join(this.#dir, '.new-'));
    const tree = join(work, 'tree');
    try {
      const workspaces = await takeSource(tree, { root: this.#root, service, source });
      if (patch) await applyPatch(tree, { patch: patch.text, workspaces });
      const hash = await hashOf(tree, { workspaces, env: request.env ?? {} });
      const version = releaseVersion.parse(
        request.version ?? `${request.baseVersion}-${hash.slice(0, 8)}`,
      );
      const known = await this.find(service, version).catch(() => undefined);
      if (known) return sameOrRefuse(known, hash);
      await this.#complete(tree, { workspaces, service });
      const [release] = await Promise.all([
        this.#describe(tree, { request, version, hash, workspaces }),
        this.#check(tree, request, version),
      ]);
      return await this.#keep(work, release);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** Throws `ReleaseRefused` when `next` does not get along with what runs. */
  checkContracts(next: Running, running: readonly Running[]): Promise<void> {
    return checkContracts(next, { running, reader: this.#contracts });
  }

  /** All versions of a service, newest first. */
  async list(service: string): Promise<Release[]> {
    const names = await readdir(join(this.#dir, service)).catch(() => []);
    const all = await Promise.all(
      names.map(async (version) => (await this.find(service, version)).release),
    );
    return all.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  /** Throws when there is no such version. */
  async find(service: string, version: string): Promise<StoredRelease> {
    const folder = join(this.#dir, service, basename(version));
    const release = await readRelease(folder);
    if (release === undefined) {
      const names = await readdir(join(this.#dir, service)).catch(() => []);
      const known = names.join(', ') || 'none';
      throw new EngineError(`find ${service} ${version}: the releases there are: ${known}`);
    }
    // Several may share one tree: the code of what runs is then read once.
    return { release, tree: await realpath(join(folder, 'tree')) };
  }

  /** Removes what is old, but for the versions to keep. */
  async prune(service: string, keep: readonly string[]): Promise<void> {
    const old = (await this.list(service)).slice(keptMax);
    const gone = old.filter(({ version }) => !keep.includes(version));
    await Promise.all(
      gone.map(({ version }) => rm(join(this.#dir, service, version), { recursive: true })),
    );
  }

  /** What differs between two versions, as a patch. */
  async diff(service: string, before: string, after: string): Promise<string> {
    const [old, now] = await Promise.all([this.find(service, before), this.find(service, after)]);
    const { workspaces } = now.release;
    return diffText({ before: old.tree, after: now.tree, workspaces });
  }

  async #complete(
    tree: string,
    { workspaces, service }: { workspaces: readonly Workspace[]; service: string },
  ): Promise<void> {
    await linkPackages(tree, { root: this.#root, workspaces });
    const folder = join('services', service);
    if (bundledFolders(tree).includes(folder)) await bundle(tree, folder, this.#root);
  }

  async #check(tree: string, request: ReleaseRequest, version: string): Promise<void> {
    const { service, skip = [], running, signal } = request;
    const check = { tree, root: this.#root, service, ...(signal && { signal }) };
    const sideBySide = await Promise.allSettled([
      skip.includes('typecheck') ? undefined : checkTypes(check),
      skip.includes('contracts')
        ? undefined
        : this.checkContracts({ service, version, tree }, running),
    ]);
    for (const result of sideBySide) if (result.status === 'rejected') throw result.reason;
    if (!skip.includes('tests')) await runTests(check);
  }

  async #describe(
    tree: string,
    made: {
      request: ReleaseRequest;
      version: string;
      hash: string;
      workspaces: readonly Workspace[];
    },
  ): Promise<Release> {
    const { request, version, hash, workspaces } = made;
    const { service, after, running } = request;
    const previous = running.find((one) => one.service === service && one.version === after);
    return {
      service,
      version,
      content_hash: hash,
      created_at: toRfc3339(this.#clock.now()),
      author: userInfo().username,
      source: request.source,
      patch: request.patch?.name ?? null,
      env: { ...request.env },
      diff: {
        against: previous?.version ?? null,
        files: previous
          ? await summarizeDiff({ before: previous.tree, after: tree, workspaces })
          : [],
      },
      skipped: [...(request.skip ?? [])],
      workspaces: [...workspaces],
    };
  }

  /** By renaming, so that a release is either all there or not at all. */
  async #keep(work: string, release: Release): Promise<StoredRelease> {
    const { service, version } = release;
    await writeFile(join(work, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
    await mkdir(join(this.#dir, service), { recursive: true });
    await rename(work, join(this.#dir, service, version));
    return this.find(service, version);
  }
}

/** The same code with other settings is another release. */
async function hashOf(
  tree: string,
  { workspaces, env }: { workspaces: readonly Workspace[]; env: Readonly<Record<string, string>> },
): Promise<string> {
  const code = await contentHash(tree, workspaces);
  const settings = Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (settings.length === 0) return code;
  return createHash('sha256').update(code).update(JSON.stringify(settings)).digest('hex');
}

function sameOrRefuse(known: StoredRelease, hash: string): StoredRelease {
  const { service, version, content_hash, created_at } = known.release;
  if (content_hash === hash) return known;
  throw new EngineError(
    `release ${service} ${version}: there is another ${version} since ${created_at}; choose a new one`,
  );
}
