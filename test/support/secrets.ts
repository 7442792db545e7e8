import { streamNames } from './streams.ts';
import type { System } from './system.ts';

/**
 * I11: where planted strings turned up that must stay where they belong: in logs, events on their
 * way and on the streams, and spans. Each finding names the place and the string.
 */
export async function findSecrets(
  system: System,
  canaries: ReadonlyMap<string, string>,
): Promise<string[]> {
  const places = new Map<string, string>();
  for (const [name, text] of await system.logs()) places.set(`the log ${name}`, text);
  for (const name of await system.databases.having('outbox')) {
    const rows = await system.databases.query<{ event: string }>(
      name,
      'SELECT event::text FROM outbox',
    );
    places.set(`the outbox of ${name}`, rows.map(({ event }) => event).join('\n'));
  }
  const { live, dead } = await streamNames(system.redis);
  for (const name of [...live, ...dead]) {
    places.set(`the stream ${name}`, JSON.stringify(await system.redis.xrange(name, '-', '+')));
  }
  places.set('a span', Buffer.concat([...system.sink.bodies]).toString('latin1'));
  return [...places].flatMap(([place, text]) =>
    [...canaries]
      .filter(([secret]) => text.includes(secret))
      .map(([secret, what]) => `${place} holds ${what}: ${secret}`),
  );
}
