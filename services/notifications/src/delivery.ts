import type { CallContext } from '@faultline/chassis/call';
import { type Clock, deadlineSignal } from '@faultline/chassis/clock';
import type { HttpClient } from '@faultline/chassis/http-client';
import type { Logger } from '@faultline/chassis/log';
import { readAccount } from '@faultline/contracts/profiles';
import { runWithTraceparent, withSpan } from '@faultline/telemetry/spans-api';
import { renderMail } from './mail.ts';
import type { MailStore, QueuedMail } from './mail-store.ts';
import type { Transport } from './transport.ts';

export type DeliveryDeps = {
  mails: MailStore;
  profiles: HttpClient;
  transport: Transport;
  clock: Clock;
  log: Logger;
};

const IDLE_MS = 250;
const BATCH_MAX = 20;
const LEASE_SECONDS = 30;
const ATTEMPTS_MAX = 12;
const CALL_TIMEOUT_MS = 5_000;

/** Sends queued mails until `signal` aborts; one that fails is tried again, ever more rarely. */
export async function deliverMails(deps: DeliveryDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const taken = await deps.mails.take(BATCH_MAX, LEASE_SECONDS).catch((error: unknown) => {
      deps.log.debug({ err: error }, 'mails could not be read');
      return [];
    });
    for (const mail of taken) await attempt(deps, mail, signal);
    if (taken.length === 0) await deps.clock.sleep(IDLE_MS, signal);
  }
}

async function attempt(deps: DeliveryDeps, mail: QueuedMail, signal: AbortSignal): Promise<void> {
  try {
    await runWithTraceparent(mail.traceparent, () =>
      withSpan('send mail', { 'mail.kind': mail.kind }, () => deliver(deps, mail, signal)),
    );
  } catch (error) {
    const last = mail.attempts >= ATTEMPTS_MAX;
    deps.log.warn(
      { err: error, mail: mail.id, attempts: mail.attempts, last },
      'a mail could not be sent',
    );
    const settle = last
      ? deps.mails.giveUp(mail.id)
      : deps.mails.retryIn(mail.id, Math.min(2 ** mail.attempts, 300));
    // The lease runs out by itself when even this cannot be written.
    await settle.catch((cause: unknown) => deps.log.debug({ err: cause }, 'a mail stays leased'));
  }
}

async function deliver(
  { mails, profiles, transport, clock }: DeliveryDeps,
  mail: QueuedMail,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = clock.monotonic() + CALL_TIMEOUT_MS;
  using deadline = deadlineSignal(clock, deadlineMs, signal);
  const call: CallContext = { signal: deadline.signal, deadlineMs };
  const reply = await profiles.call(readAccount, { params: { id: mail.account_id } }, call);
  if (reply.status === 404) {
    await mails.giveUp(mail.id);
    return;
  }
  const rendered = renderMail(mail.kind, mail.data, reply.body.name);
  await transport.send(mail.id, reply.body.email, rendered);
  const status = transport.delivers ? 'sent' : 'kept';
  await mails.settle(mail.id, { status, to: reply.body.email, mail: rendered });
}
