import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeExit, spawnChild } from '../process/child.ts';
import { ProcessGuard } from '../process/guard.ts';
import { eachLine } from '../process/lines.ts';
import { dataDirIn, preparePostgresHome, type PostgresHome } from './postgres-home.ts';

export type ClusterOptions = {
  /** State directory. */
  dir: string;
  guard: ProcessGuard;
  /**
   * State directory of a cluster to copy, with its password; one that cannot be read is ignored.
   * For tests: they make clusters by the dozen, and each takes most of a second.
   */
  template?: string | undefined;
};

/** A cluster that is there, or is to be made. */
export type Cluster = {
  /** The superuser's. */
  password: string;
  /** Makes it; undefined when it is there. */
  create?: (home: PostgresHome) => Promise<void>;
};

type Template = { password: string; dataDir: string };

/** What the state directory has, or is to get. */
export async function chooseCluster({ dir, guard, template }: ClusterOptions): Promise<Cluster> {
  const file = passwordFileIn(dir);
  if (existsSync(file)) return { password: await readFile(file, 'utf8') };
  const source = template === undefined ? undefined : await readTemplate(template);
  const password = source?.password ?? randomBytes(24).toString('base64url');
  return {
    password,
    // The password is written last: with it the cluster is known to be complete.
    async create(home) {
      await rm(home.dataDir, { recursive: true, force: true });
      await mkdir(home.dataDir, { recursive: true, mode: 0o700 });
      if (home.identity) await chown(home.dataDir, home.identity.uid, home.identity.gid);
      if (source) await copyData(source.dataDir, home.dataDir);
      else await initialise(home, guard, password);
      await writeFile(file, password, { mode: 0o600 });
    },
  };
}

/** Makes a cluster in the state directory `dir` without starting a server: one to be copied. */
export async function createTemplate(dir: string): Promise<void> {
  const guard = new ProcessGuard();
  try {
    const home = await preparePostgresHome(dir);
    await (await chooseCluster({ dir, guard })).create?.(home);
  } finally {
    guard.close();
  }
}

function passwordFileIn(dir: string): string {
  return join(dir, 'superuser-password');
}

/** Undefined where there is no whole cluster, or it is another user's. */
async function readTemplate(dir: string): Promise<Template | undefined> {
  try {
    const [password, dataDir] = await Promise.all([
      readFile(passwordFileIn(dir), 'utf8'),
      dataDirIn(dir),
    ]);
    return { password, dataDir };
  } catch {
    return undefined;
  }
}

/** With owners and modes, which the server checks. */
async function copyData(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', `${from}/.`, to]);
}

async function initialise(home: PostgresHome, guard: ProcessGuard, password: string) {
  // By file: among the arguments every user could read the password.
  const passwordFile = `${home.dataDir}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (home.identity) await chown(passwordFile, home.identity.uid, home.identity.gid);
  const output: string[] = [];
  const initdb = await spawnChild({
    command: join(home.binDir, 'initdb'),
    args: [
      `--pgdata=${home.dataDir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--wal-segsize=4',
      '--no-sync',
      '--no-instructions',
    ],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: home.dataDir,
    guard,
    identity: home.identity,
    onOutput: (_, source) => eachLine(source, (line) => output.push(line)),
  });
  const exit = await initdb.exited;
  await rm(passwordFile);
  if (exit.code === 0) return;
  const report = output.slice(-10).join('\n');
  throw new Error(
    `create the PostgreSQL cluster: initdb ended with ${describeExit(exit)}\n${report}`,
  );
}
