import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import pg from 'pg';
import { sharedSystem, type System } from './support/system.ts';

/** What PostgreSQL says to somebody who may not connect. */
const INSUFFICIENT_PRIVILEGE = '42501';

describe('databases', function () {
  this.timeout(30_000);
  let system: System;
  /** The database URL that each service was started with, by service. */
  let urls: Map<string, string>;
  let names: string[];

  before(async function () {
    this.timeout(120_000);
    system = await sharedSystem();
    urls = await databaseUrls(system);
    names = await system.databases.names();
  });

  it('are one for each service that has one, under a name and password of its own', () => {
    expect([...urls.keys()]).to.include.members(['catalog', 'inventory', 'orders', 'payments']);
    const parsed = [...urls.values()].map((url) => new URL(url));
    for (const part of ['pathname', 'username', 'password'] as const) {
      const values = parsed.map((url) => url[part]);
      expect(new Set(values), part).to.have.property('size', values.length);
    }
    expect(parsed.map(({ pathname }) => pathname.slice(1))).to.have.members(names);
  });

  it('let in nobody but their own service', async () => {
    const attempts = [...urls].flatMap(([service, url]) =>
      [...names, 'postgres', 'template1'].map(async (database) => {
        const outcome = await connectAs(url, database);
        return { service, database, outcome };
      }),
    );
    const all = await Promise.all(attempts);
    const wrong = all.filter(({ service, database, outcome }) => {
      const isOwn = new URL(urls.get(service) ?? '').pathname === `/${database}`;
      return outcome !== (isOwn ? 'connected' : INSUFFICIENT_PRIVILEGE);
    });
    expect(wrong).to.deep.equal([]);
    expect(all).to.have.length(urls.size * (names.length + 2));
  });

  it('are worked in by roles without any power over the server', async () => {
    const roles = await system.databases.query<{ name: string; power: boolean; groups: number }>(
      'postgres',
      `SELECT rolname AS name, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
              OR rolbypassrls AS power,
              (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid) AS groups
       FROM pg_roles r WHERE rolname = ANY($1)`,
      [[...urls.values()].map((url) => decodeURIComponent(new URL(url).username))],
    );
    expect(roles).to.have.length(urls.size);
    expect(roles.filter(({ power, groups }) => power || groups > 0)).to.deep.equal([]);
  });
});

/** As the processes themselves have them in their environment. */
async function databaseUrls(system: System): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { name, instances } of system.engine.status().services) {
    const environment = await readFile(`/proc/${instances[0]?.pid}/environ`, 'utf8');
    const url = /(?:^|\0)DATABASE_URL=([^\0]+)/.exec(environment)?.[1];
    if (url !== undefined) found.set(name, url);
  }
  return found;
}

/** `connected`, or the code of the refusal. */
async function connectAs(url: string, database: string): Promise<string> {
  const target = new URL(url);
  target.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: target.href });
  try {
    await client.connect();
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    await client.end();
  }
}
