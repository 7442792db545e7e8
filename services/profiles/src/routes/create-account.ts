import type { Handler } from '@faultline/chassis/endpoint';
import { uuidv7 } from '@faultline/chassis/ids';
import type { createAccount as endpoint } from '@faultline/contracts/profiles';
import { insertAccount, toAccount } from '../accounts.ts';
import type { ProfilesDeps } from '../deps.ts';

/** Sign-up. Asking which addresses are taken is throttled as guessing passwords is. */
export function createAccount(
  deps: Pick<ProfilesDeps, 'postgres' | 'outbox' | 'clock' | 'passwords' | 'throttle'>,
): Handler<typeof endpoint> {
  const { postgres, outbox, clock, passwords, throttle } = deps;
  return async ({ body: { email, name, password }, call }) => {
    const attempt = { email, clientAddress: call.clientAddress };
    await throttle.count(attempt);
    const password_hash = await passwords.hash(password);
    const account = { id: uuidv7(clock), email, name, role: 'customer', password_hash } as const;
    const row = await postgres.transaction((tx) => insertAccount({ tx, outbox, clock }, account));
    outbox.nudge();
    await throttle.forgive(attempt);
    return { status: 201, body: toAccount(row) };
  };
}
