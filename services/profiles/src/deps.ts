import type { Clock } from '@faultline/chassis/clock';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Postgres } from '@faultline/chassis/postgres';
import type { AccessTokens } from './access-tokens.ts';
import type { SessionCookies } from './cookies.ts';
import type { Passwords } from './passwords.ts';
import type { Sessions } from './sessions.ts';
import type { Throttle } from './throttle.ts';

/** What the service's endpoints work with. */
export type ProfilesDeps = {
  postgres: Postgres;
  outbox: Outbox;
  clock: Clock;
  passwords: Passwords;
  throttle: Throttle;
  sessions: Sessions;
  tokens: AccessTokens;
  cookies: SessionCookies;
};
