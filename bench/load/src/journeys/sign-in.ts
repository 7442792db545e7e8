import { deleteSession, getMe } from '@faultline/contracts/profiles';
import { signIn as begin } from '../customers.ts';
import type { Journey } from './journey.ts';

/** Signs in, looks at the account, signs out. */
export const signIn: Journey = {
  name: 'sign-in',
  weight: 8,
  requests: 3.1,
  async make({ steps, random, clock, customers }) {
    const { credentials } = await customers.anyone(steps, random);
    const { headers, accountId, refreshCookie } = await begin(steps, credentials, clock);
    await steps.call(
      getMe,
      {},
      {
        expect: [200],
        headers,
        judge: ({ body }) =>
          body.id === accountId ? {} : { failure: `signed in as ${accountId}, got ${body.id}` },
      },
    );
    await steps.call(deleteSession, { headers: { cookie: refreshCookie } }, { expect: [204] });
  },
};
