import { z } from 'zod';
import { id, page, pageQuery, timestamp } from './common.ts';

/** A mail that was sent, or would have been: without SMTP it stays in the mailbox. */
const mail = z.object({
  id,
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  status: z.enum(['queued', 'sent', 'kept', 'failed']),
  created_at: timestamp,
});
export type Mail = z.output<typeof mail>;

export const listMails = {
  id: 'notificationsListMails',
  method: 'GET',
  path: '/internal/v1/mails',
  summary: 'Mails, newest first.',
  access: 'admin',
  query: z.strictObject({ ...pageQuery.shape, to: z.string().max(254).optional() }),
  replies: { 200: page(mail) },
} as const;

export const notificationsApi = [listMails] as const;
