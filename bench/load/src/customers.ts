import type { Clock } from '@faultline/chassis/clock';
import { createAccount, createSession, sessionCookies } from '@faultline/contracts/profiles';
import type { Random } from '@faultline/mesh-core/random';
import { pick } from './chance.ts';
import type { Steps } from './steps.ts';

export type Credentials = { email: string; password: string };

/** Somebody signed in. */
export type SignedIn = {
  accountId: string;
  headers: { Authorization: string };
  /** The cookie that keeps the session. */
  refreshCookie: string;
  /** Monotonic. */
  expiresMs: number;
};

export type Customer = {
  readonly credentials: Credentials;
  session: SignedIn | undefined;
  /** Ids, newest last. */
  readonly orders: string[];
};

const marginMs = 60_000;

/**
 * People with an account. The first who need one sign up; whoever comes later is one of them: a
 * sign-up costs the shop more than all the rest.
 */
export class Customers {
  readonly #clock: Clock;
  readonly #most: number;
  /** Keeps addresses of different runs apart. */
  readonly #run: string;
  readonly #all: Customer[] = [];
  #admin: SignedIn | undefined;
  #signingUp = 0;
  #named = 0;

  constructor(options: { clock: Clock; most: number; seed: number }) {
    this.#clock = options.clock;
    this.#most = options.most;
    this.#run = `${options.seed}.${options.clock.now().toString(36)}`;
  }

  /** Somebody with an account. */
  async anyone(steps: Steps, random: Random): Promise<Customer> {
    const isFull = this.#all.length + this.#signingUp >= this.#most;
    return isFull && this.#all.length > 0 ? pick(random, this.#all) : this.#signUp(steps);
  }

  /** Somebody who has ordered before, if there is one. */
  withOrders(random: Random): Customer | undefined {
    const found = this.#all.filter(({ orders }) => orders.length > 0);
    return found.length === 0 ? undefined : pick(random, found);
  }

  /** His session, begun now if it has to be. */
  async session(steps: Steps, customer: Customer): Promise<SignedIn> {
    const { credentials, session } = customer;
    customer.session = await this.#valid(steps, credentials, session);
    return customer.session;
  }

  /** The back office's session. */
  async admin(steps: Steps, credentials: Credentials): Promise<SignedIn> {
    this.#admin = await this.#valid(steps, credentials, this.#admin);
    return this.#admin;
  }

  async #valid(
    steps: Steps,
    credentials: Credentials,
    session: SignedIn | undefined,
  ): Promise<SignedIn> {
    if (session && session.expiresMs - marginMs > this.#clock.monotonic()) return session;
    return signIn(steps, credentials, this.#clock);
  }

  async #signUp(steps: Steps): Promise<Customer> {
    this.#signingUp++;
    try {
      const name = `load.${this.#run}.${this.#named++}`;
      const credentials = { email: `${name}@load.example`, password: `only for ${name}` };
      const body = { ...credentials, name: 'Lou Load' };
      await steps.call(createAccount, { body }, { expect: [201] });
      const customer: Customer = { credentials, session: undefined, orders: [] };
      this.#all.push(customer);
      return customer;
    } finally {
      this.#signingUp--;
    }
  }
}

/** Begins a session. */
export async function signIn(
  steps: Steps,
  credentials: Credentials,
  clock: Clock,
): Promise<SignedIn> {
  const { body, headers } = await steps.call(
    createSession,
    { body: credentials },
    {
      expect: [201],
      judge: ({ body: { account } }) =>
        account.email === credentials.email ? {} : { failure: `signed in as ${account.email}` },
    },
  );
  const lines = [headers['set-cookie'] ?? []].flat();
  const refresh = lines.find((line) => line.startsWith(`${sessionCookies.refresh}=`));
  return {
    accountId: body.account.id,
    headers: { Authorization: `Bearer ${body.access_token}` },
    refreshCookie: refresh?.split(';')[0] ?? '',
    expiresMs: clock.monotonic() + body.expires_in * 1_000,
  };
}
