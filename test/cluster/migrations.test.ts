import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createEmptyDatabase, testRedisUrl } from '@faultline/chassis/testing/stores';
import { expect } from 'chai';
import pg from 'pg';
import { root } from '../../tools/config.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources, type Resources } from './support/resources.ts';

type Job = Resources['Job'][number];

/** Of Redis's logical databases the one that no other test uses. */
const redisIndex = 14;

describe('the Jobs that migrate', function () {
  this.timeout(120_000);
  let jobs: Job[];

  before(() => {
    jobs = readResources(renderEnvironment('prod')).resources.Job;
  });

  it('make the tables of their services by the command of their manifests, and end', async () => {
    expect(jobs).to.have.length(7);
    for (const job of jobs) {
      const database = await createEmptyDatabase();
      try {
        expect(await run(job, database.url)).to.include('the database is up to date');
        const names = await tables(database.url);
        expect(names, job.metadata.name).to.include.members(['outbox', 'schema_migrations']);
        expect(names.length).to.be.greaterThan(5);
      } finally {
        await database.drop();
      }
    }
  });

  it('are waited for by the service, which makes no table itself and then starts', async () => {
    const database = await createEmptyDatabase();
    const service = spawn(process.execPath, ['src/main.ts'], {
      cwd: join(root, 'services/inventory'),
      env: {
        SERVICE_NAME: 'inventory',
        DATABASE_URL: database.url,
        REDIS_URL: testRedisUrl(redisIndex),
        MIGRATIONS: 'await',
        LISTEN_HTTP: '127.0.0.1:0',
        LISTEN_ADMIN: '127.0.0.1:0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(service, 'exit');
    try {
      const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
      await said(lines, 'waiting for migrations');
      expect(await tables(database.url)).to.deep.equal([]);
      const job = jobs.find(({ metadata }) => metadata.name.startsWith('inventory-'));
      if (job !== undefined) await run(job, database.url);
      await said(lines, 'started');
    } finally {
      service.kill('SIGTERM');
      await ended;
      await database.drop();
    }
    expect(service.exitCode).to.equal(0);
  });
});

/** As the image runs it: in the service's folder, with the files of its image. */
async function run(job: Job, url: string): Promise<string> {
  const [container] = job.spec.template.spec.containers;
  const [program, ...args] = container?.command ?? [];
  expect(program).to.equal('node');
  const named = container?.env.find(({ name }) => name === 'SERVICE_NAME')?.value ?? '';
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(root, 'services', named),
    env: { SERVICE_NAME: named, DATABASE_URL: url },
  });
  return stdout;
}

/** Reads on to a message. Throws when the process ends before it. */
async function said(lines: AsyncIterator<string>, message: string): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the service ended before it said '${message}'`);
    if (value.includes(`"msg":"${message}"`)) return;
  }
}

async function tables(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ tablename: string }>(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    return rows.map(({ tablename }) => tablename);
  } finally {
    await client.end();
  }
}
