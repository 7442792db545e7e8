import { eventually } from '@faultline/chassis/testing/eventually';
import { collectEvidence } from './evidence.ts';
import { findViolations } from './invariants.ts';
import { findSecrets } from './secrets.ts';
import type { Shop } from './shop.ts';
import { readGroups, streamNames } from './streams.ts';
import type { System } from './system.ts';

/** Waits until nothing is under way any more: orders, payments, events, mails. */
export async function untilAtRest(system: System, timeoutMs = 60_000): Promise<void> {
  await eventually(async () => {
    const waiting = [
      ...(await missingPictures(system)),
      ...(await openPayments(system)),
      ...(await unfinished(system)),
    ];
    if (waiting.length > 0) throw new Error(`not at rest: ${waiting.slice(0, 5).join('; ')}`);
  }, timeoutMs);
}

/** Waits for rest, then throws with every rule that is broken. */
export async function requireInvariants(shop: Shop): Promise<void> {
  const { system } = shop;
  await untilAtRest(system);
  const evidence = await collectEvidence(system, shop.placements);
  const secrets = await findSecrets(system, shop.canaries);
  const broken = [
    ...findViolations(evidence),
    ...secrets.map((found) => `I11 nothing secret is told: ${found}`),
  ];
  if (broken.length === 0) return;
  throw new Error(`${broken.length} violations:\n${broken.slice(0, 20).join('\n')}`);
}

/** What invariants I4 and I9 ask for, in a few cheap questions. */
async function unfinished({ databases, redis }: System): Promise<string[]> {
  const orders = await databases.query<{ id: string; status: string }>(
    'orders',
    "SELECT id, status FROM orders WHERE status IN ('pending', 'cancelling', 'refunding')",
  );
  const mails = await databases.query<{ id: string }>(
    'notifications',
    "SELECT id FROM mails WHERE status = 'queued'",
  );
  const outboxes = await databases.having('outbox');
  const events = await Promise.all(
    outboxes.map((name) =>
      databases.query(name, 'SELECT FROM outbox WHERE published_at IS NULL LIMIT 1'),
    ),
  );
  const { live } = await streamNames(redis);
  const groups = await Promise.all(live.map((name) => readGroups(redis, name)));
  return [
    ...orders.map(({ id, status }) => `order ${id} is ${status}`),
    ...mails.map(({ id }) => `mail ${id} is queued`),
    ...outboxes.filter((_, index) => events[index]?.length).map((name) => `events of ${name} wait`),
    ...groups
      .flat()
      .filter(({ waiting }) => waiting > 0)
      .map(({ stream, group, waiting }) => `${waiting} entries of ${stream} wait for ${group}`),
  ];
}

async function missingPictures({ databases }: System): Promise<string[]> {
  const wanted = await databases.query<{ slug: string; id: string }>(
    'catalog',
    `SELECT slug, image_id.value AS id
     FROM products, jsonb_array_elements_text(doc -> 'image_ids') AS image_id
     WHERE NOT EXISTS (SELECT FROM product_image_renditions r WHERE r.image_id::text = image_id.value)`,
  );
  // One that broke its worker too often is given up; there will be no picture.
  const rejected = await databases.query<{ id: string }>(
    'images',
    "SELECT id FROM images WHERE status = 'rejected'",
  );
  const given = new Set(rejected.map(({ id }) => id));
  return wanted
    .filter(({ id }) => !given.has(id))
    .map(({ slug }) => `${slug} waits for its picture`);
}

async function openPayments({ databases }: System): Promise<string[]> {
  const rows = await databases.query<{ id: string; status: string }>(
    'payments',
    "SELECT id, status FROM payments WHERE status LIKE '%ing'",
  );
  return rows.map(({ id, status }) => `payment ${id} is ${status}`);
}
