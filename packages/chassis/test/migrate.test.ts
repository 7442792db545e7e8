import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Clock, systemClock } from '../src/clock.ts';
import { migrate, untilMigrated } from '../src/migrate.ts';
import { silentLog } from '../src/testing/log.ts';
import { compiledBefore } from '../src/testing/process.ts';
import { createEmptyDatabase } from '../src/testing/stores.ts';

const program = fileURLToPath(new URL('../src/run-migrations.ts', import.meta.url));
const own = fileURLToPath(new URL('migrations', import.meta.url));

describe('migrations', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  /** A service's folder: what is in it besides its migrations does not matter. */
  let folder: string;
  beforeEach(async () => {
    database = await createEmptyDatabase();
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    await cp(own, join(folder, 'migrations'), { recursive: true });
  });
  afterEach(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  const run = (url = database.url) => {
    const env = { ...compiledBefore, SERVICE_NAME: 'things', DATABASE_URL: url };
    return promisify(execFile)(process.execPath, [program], { cwd: folder, env });
  };
  const options = () => ({ url: database.url, dir: join(folder, 'migrations'), log: silentLog });

  it('are applied by a program that ends, once, however many run', async () => {
    const [first, second] = await Promise.all([run(), run()]);
    const applied = [first, second].filter(({ stdout }) =>
      stdout.includes('migrated the database'),
    );
    // One of them did the chassis' and the service's, or each did one.
    expect(applied).not.to.be.empty;
    expect((await run()).stdout)
      .to.include('the database is up to date')
      .and.not.include('migrated the database');
  });

  it('that fail are told by the exit code, and leave nothing behind', async () => {
    await writeFile(
      join(folder, 'migrations/9999_broken.sql'),
      'CREATE TABLE half (); SELECT 1/0;',
    );
    const failed = await run().then(
      () => expect.fail('expected the program to fail'),
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed.code).to.equal(1);
    await rm(join(folder, 'migrations/9999_broken.sql'));
    await writeFile(join(folder, 'migrations/9999_mended.sql'), 'CREATE TABLE half ();');
    expect((await run()).stdout).to.include('9999_mended');
  });

  it('are begun again when the server breaks a connection off', async () => {
    const unsteady = await breaksOff(database.url, [1, 2, 4]);
    const { stdout } = await run(unsteady.url);
    await unsteady.close();
    expect(stdout).to.include('the database is up to date');
    expect(await run().then((again) => again.stdout)).not.to.include('migrated the database');
  });

  it('are waited for by who is not to apply them', async () => {
    const asked = Promise.withResolvers<void>();
    const clock: Clock = {
      ...systemClock,
      sleep(ms) {
        asked.resolve();
        return systemClock.sleep(ms);
      },
    };
    const waiting = untilMigrated({ ...options(), clock });
    // It looked once, and there was nothing.
    await Promise.race([asked.promise, waiting.then(() => expect.fail('nobody had migrated'))]);
    await run();
    await waiting;
  });

  it('of a newer version keep an older one from nothing', async () => {
    await writeFile(join(folder, 'migrations/9999_newer.sql'), 'CREATE TABLE newer ();');
    await run();
    await rm(join(folder, 'migrations/9999_newer.sql'));
    await untilMigrated({ ...options(), clock: systemClock });
    await migrate(options());
  });

  it('are not waited for without end, and named when they do not come', async () => {
    let nowMs = 0;
    const clock = {
      ...systemClock,
      monotonic: () => nowMs,
      sleep: async () => void (nowMs += 9_000),
    };
    await run();
    await writeFile(join(folder, 'migrations/9999_late.sql'), 'CREATE TABLE late ();');
    const waiting = untilMigrated({ ...options(), clock });
    const failed = waiting.then(
      () => expect.fail('expected nobody to have applied it'),
      (error: Error) => error.message,
    );
    expect(await failed)
      .to.include('9999_late')
      .and.not.include('0001');
  });
});

/** The server of `url` behind a way that breaks off some connections, counted from 1, when they speak. */
async function breaksOff(url: string, broken: readonly number[]) {
  const server = new URL(url);
  let count = 0;
  const way = createServer((inward) => {
    count++;
    inward.on('error', () => undefined);
    if (broken.includes(count)) {
      inward.once('data', () => inward.resetAndDestroy());
      return;
    }
    const outward = connect(Number(server.port), server.hostname);
    outward.on('error', () => inward.destroy());
    inward.pipe(outward).pipe(inward);
  });
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
  const address = way.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  const through = new URL(url);
  through.host = `127.0.0.1:${address.port}`;
  return { url: through.href, close: () => new Promise((resolve) => way.close(resolve)) };
}
