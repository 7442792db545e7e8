import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Client } from 'pg';
import { eventually } from '../../test/eventually.ts';
import { TempDir } from '../../test/temp-dir.ts';
import { processIdentity, signalProcess } from '../process/identity.ts';
import { createTemplate } from './postgres-cluster.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function databaseOf(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

describe('local PostgreSQL', () => {
  it('keeps what was committed through a crash, and takes over from a server left behind', async function () {
    this.timeout(60_000);
    using dir = new TempDir();
    const first = await startPostgres({ dir: dir.path });
    const url = await first.createDatabase('orders');
    await query(url, 'CREATE TABLE t AS SELECT 42 AS answer');
    first.kill();
    await first.exited;
    const second = await startPostgres({ dir: dir.path, port: first.port });
    expect(await query(url, 'SELECT answer FROM t')).to.deep.equal([{ answer: 42 }]);
    // A third start finds the second server running, as after the engine was killed.
    const third = await startPostgres({ dir: dir.path });
    expect(processIdentity(second.pid)).to.equal(undefined);
    expect(await third.createDatabase('orders')).to.include(`:${third.port}/orders`);
    await Promise.all([first, second, third].map((server) => server.stop()));
  });

  it('gives each role its own database and no other', async function () {
    this.timeout(60_000);
    using dir = new TempDir();
    const server = await startPostgres({ dir: dir.path });
    const urls = await Promise.all(['orders', 'payments'].map((n) => server.createDatabase(n)));
    for (const [url, own] of [
      [urls[0] ?? '', 'orders'],
      [urls[1] ?? '', 'payments'],
    ] as const) {
      expect(await query(url, 'SELECT current_user AS me')).to.deep.equal([{ me: own }]);
      const others = ['orders', 'payments', 'postgres', 'template1'].filter((db) => db !== own);
      for (const other of others) {
        const refusal = await query(databaseOf(url, other), 'SELECT 1').catch(String);
        expect(refusal, `${own} in ${other}`).to.include('permission denied for database');
      }
    }
    const guess = urls[0]?.replace(/:[^:@]+@/, ':wrong@') ?? '';
    expect(await query(guess, 'SELECT 1').catch(String)).to.include(
      'password authentication failed',
    );
    await server.stop();
    expect(processIdentity(server.pid)).to.equal(undefined);
  });

  it('starts although another process now has the id in its lock file', async function () {
    this.timeout(60_000);
    using dir = new TempDir();
    const first = await startPostgres({ dir: dir.path });
    const [row] = await query(first.url, 'SHOW data_directory');
    const folder = String(Object.values(row ?? {})[0]);
    await first.stop();
    writeFileSync(`${folder}/postmaster.pid`, `${process.pid}\n${folder}\n`);
    const second = await startPostgres({ dir: dir.path });
    await second.stop();
    expect(existsSync(`${folder}/postmaster.pid`)).to.equal(false);
  });

  it('starts with a copy of a cluster where there is one to copy, and makes its own where not', async function () {
    this.timeout(60_000);
    using dir = new TempDir();
    const template = dir.join('template');
    await createTemplate(template);
    const file = join(template, 'superuser-password');
    const password = readFileSync(file, 'utf8');
    const copy = await startPostgres({ dir: dir.join('copy'), template });
    expect(new URL(copy.url).password).to.equal(password);
    rmSync(file);
    const own = await startPostgres({ dir: dir.join('own'), template });
    expect(new URL(own.url).password).not.to.equal(password);
    const id = 'SELECT system_identifier AS id FROM pg_control_system()';
    expect(await query(own.url, id)).not.to.deep.equal(await query(copy.url, id));
    await Promise.all([copy.stop(), own.stop()]);
  });

  it('keeps its passwords from other users', async function () {
    this.timeout(60_000);
    using dir = new TempDir();
    const server = await startPostgres({ dir: dir.path });
    const password = new URL(server.url).password;
    expect(statSync(dir.join('superuser-password')).mode & 0o077).to.equal(0);
    const args = readFileSync(`/proc/${server.pid}/cmdline`, 'utf8');
    expect(args).to.include('postgres').and.not.include(password);
    await server.stop();
  });
});

describe('local Redis', () => {
  it('keeps its data over a restart and does not serve without the password', async () => {
    using dir = new TempDir();
    const { Redis } = await import('ioredis');
    const first = await startRedis({ dir: dir.path });
    const client = new Redis(first.url);
    await client.set('key', 'value');
    client.disconnect();
    await first.stop();
    const second = await startRedis({ dir: dir.path, port: first.port });
    const again = new Redis(second.url);
    expect(await again.get('key')).to.equal('value');
    again.disconnect();
    const stranger = new Redis({ host: '127.0.0.1', port: second.port, lazyConnect: true });
    stranger.on('error', () => undefined);
    expect(await stranger.get('key').catch(String)).to.include('NOAUTH');
    stranger.disconnect();
    await second.stop();
  });

  it('tells of a server that cannot start', async () => {
    using dir = new TempDir();
    const first = await startRedis({ dir: dir.join('a') });
    const error = await startRedis({ dir: dir.join('b'), port: first.port }).catch(String);
    expect(error).to.include(`start Redis on port ${first.port}: `);
    await first.stop();
  });

  it('is killed without leaving anything behind', async () => {
    using dir = new TempDir();
    const server = await startRedis({ dir: dir.path });
    signalProcess(server.pid, 'SIGKILL');
    await server.exited;
    await eventually('the process to go', () => processIdentity(server.pid) === undefined);
    await server.stop();
  });
});
