import { httpUrl, loadConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

const shape = {
  ...storeServiceConfig,
  PROFILES_URL: httpUrl.prefault('http://profiles'),
  /** Without it mails are kept in the mailbox instead of sent. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().default('Faultline Shop <shop@faultline.local>'),
};

/** The environment of this service, parsed. */
export function readConfig() {
  return loadConfig(shape, process.env);
}
