import type { World } from './world.ts';

/**
 * The requests any service has answered with 5xx since the world began, from its own log. In a rush
 * it may ask to come back later (503, 504); nothing else is ever right.
 */
export async function failures({ system, startedAt, rushes }: World): Promise<string[]> {
  const found: string[] = [];
  for (const [file, text] of await system.logs()) {
    for (const line of text.split('\n')) {
      if (!/"status":5\d\d\b/.test(line)) continue;
      const entry: { time: string; status: number } = JSON.parse(line);
      const time = new Date(entry.time);
      const rushed = rushes.some(({ from, to }) => from <= time && time <= to);
      if (time < startedAt || (rushed && entry.status >= 503)) continue;
      found.push(`${file}: ${line}`);
    }
  }
  return found;
}

/** The log files and the tables that hold `text`. */
export async function placesOf({ system }: World, text: string): Promise<string[]> {
  const places: string[] = [];
  for (const [file, log] of await system.logs()) if (log.includes(text)) places.push(file);
  for (const database of await system.databases.names()) {
    const tables = await system.databases.query<{ name: string }>(
      database,
      `SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS name
       FROM pg_stat_user_tables`,
    );
    for (const { name } of tables) {
      const sql = `SELECT count(*)::int AS count FROM ${name} t WHERE t::text LIKE $1`;
      const [row] = await system.databases.query<{ count: number }>(database, sql, [`%${text}%`]);
      if (row && row.count > 0) places.push(`${database} ${name}`);
    }
  }
  return places;
}
