import nodemailer from 'nodemailer';
import type { RenderedMail } from './mail.ts';

/** Where mails go. `delivers` is false when they stay in the mailbox. */
export type Transport = {
  readonly delivers: boolean;
  /** Hands a mail to the mail server under a Message-ID made of `id`. */
  send(id: string, to: string, mail: RenderedMail): Promise<void>;
};

/** SMTP at `url`, or a transport that keeps mails when there is none. */
export function createTransport({
  url,
  from,
}: {
  url: string | undefined;
  from: string;
}): Transport {
  if (!url) return { delivers: false, send: async () => undefined };
  const smtp = nodemailer.createTransport({
    url,
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 10_000,
  });
  return {
    delivers: true,
    async send(id, to, mail) {
      await smtp.sendMail({ ...mail, from, to, messageId: `<${id}@faultline.local>` });
    },
  };
}
