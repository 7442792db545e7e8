import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folders of one system's state. */
export type DataDir = {
  path: string;
  /** For sockets: their paths may have 104 bytes only, whatever the length of `path`. */
  runtimeDir: string;
  controlSocket: string;
  processesDir: string;
  logsDir: string;
  /** Pods' emptyDir volumes, which last as long as the pod. */
  scratchDir: string;
  volumesDir: string;
  lockFile: string;
};

// 30 characters leave room for the names below within the limit of 104 bytes.
const longestTmpDir = 30;

/** Opens a state directory, creating what is missing. */
export async function openDataDir(path: string): Promise<DataDir> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return layout(path, await ensureRuntimeDir(path));
}

/** Removes what an earlier run left; only for the holder of the lock. */
export async function clearDataDir(data: DataDir): Promise<void> {
  await rm(data.scratchDir, { recursive: true, force: true });
  await pruneLogs(data.logsDir);
}

/** Removes what is of no use once nothing runs. */
export async function closeDataDir(data: DataDir): Promise<void> {
  await rm(data.runtimeDir, { recursive: true, force: true });
  await rm(data.scratchDir, { recursive: true, force: true });
}

/** The state directory at `path` as it is, or `undefined` when no engine ever used it. */
export async function findDataDir(path: string): Promise<DataDir | undefined> {
  const id = await readFile(join(path, 'id'), 'utf8').catch(() => undefined);
  return id === undefined ? undefined : layout(path, runtimePath(id));
}

function layout(path: string, runtimeDir: string): DataDir {
  return {
    path,
    runtimeDir,
    controlSocket: join(runtimeDir, 'control.sock'),
    processesDir: join(path, 'processes'),
    logsDir: join(path, 'logs'),
    scratchDir: join(path, 'scratch'),
    volumesDir: join(path, 'volumes'),
    lockFile: join(path, 'engine.lock'),
  };
}

// Each run adds a file per instance.
const logsKeptPerService = 20;

async function pruneLogs(logsDir: string): Promise<void> {
  for (const service of await readdir(logsDir).catch(() => [])) {
    const names = await readdir(join(logsDir, service)).catch(() => []);
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(logsDir, service, name);
        return { path, atMs: (await stat(path)).mtimeMs };
      }),
    );
    const old = files.toSorted((a, b) => b.atMs - a.atMs).slice(logsKeptPerService);
    await Promise.all(old.map(({ path }) => rm(path, { force: true })));
  }
}

function runtimePath(id: string): string {
  const base = Buffer.byteLength(tmpdir()) <= longestTmpDir ? tmpdir() : '/tmp';
  return join(base, `faultline-${id.trim()}`);
}

async function ensureRuntimeDir(path: string): Promise<string> {
  const idFile = join(path, 'id');
  for (;;) {
    // Each of the two may be there already, which is as good.
    await writeFile(idFile, randomBytes(4).toString('hex'), { flag: 'wx' }).catch(() => undefined);
    const dir = runtimePath(await readFile(idFile, 'utf8'));
    // As above.
    await mkdir(dir, { mode: 0o700 }).catch(() => undefined);
    const found = await lstat(dir).catch(() => undefined);
    if (found?.isDirectory() && found.uid === process.getuid?.()) {
      await chmod(dir, 0o700);
      return dir;
    }
    // The temporary folder is everybody's: somebody else has that name. Take another.
    await rm(idFile, { force: true });
  }
}
