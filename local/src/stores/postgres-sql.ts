import { Client } from 'pg';

/** Takes from every role the right, given by default, to connect to the administrative databases. */
export async function closeToOthers(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
  });
}

/**
 * Creates a database and a role of the same name that owns it and can connect to no other.
 * Idempotent. Answers the role's URL.
 */
export async function createDatabase(
  adminUrl: string,
  { name, password }: { name: string; password: string },
): Promise<string> {
  await withClient(adminUrl, async (client) => {
    const [role, secret] = [client.escapeIdentifier(name), client.escapeLiteral(password)];
    if (!(await exists(client, 'SELECT FROM pg_roles WHERE rolname = $1', name))) {
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${secret}`);
    }
    if (!(await exists(client, 'SELECT FROM pg_database WHERE datname = $1', name))) {
      await client.query(`CREATE DATABASE ${role} OWNER ${role}`);
    }
    await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${role} FROM PUBLIC`);
  });
  return roleUrl(adminUrl, { name, password });
}

/** How a role connects to its own database. */
export function roleUrl(
  adminUrl: string,
  { name, password }: { name: string; password: string },
): string {
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(name);
  url.password = password;
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

async function exists(client: Client, sql: string, name: string): Promise<boolean> {
  return (await client.query(sql, [name])).rowCount === 1;
}

async function withClient(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A server that is stopped meanwhile tells so here as well as in the query's rejection.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
