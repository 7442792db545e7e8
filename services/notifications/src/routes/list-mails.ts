import { decodeCursor, toPage } from '@faultline/chassis/cursor';
import type { listMails, Mail } from '@faultline/contracts/notifications';
import { z } from 'zod';
import type { MailStore } from '../mail-store.ts';

const position = z.strictObject({ createdAt: z.iso.datetime(), id: z.uuid() });

/** A page of the mailbox, newest first. */
export async function pageOfMails(
  mails: MailStore,
  query: z.output<typeof listMails.query>,
): Promise<{ items: Mail[]; next_cursor: string | null }> {
  const after = decodeCursor(position, query.cursor);
  const rows = await mails.list({ limit: query.limit + 1, after, to: query.to });
  return toPage(rows, query.limit, (last) => ({ createdAt: last.created_at, id: last.id }));
}
