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
  /** While it is being begun. */
  beginning?: Promise<SignedIn> | undefined;
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
  readonly #signingUp = new Set<Promise<Customer>>();
  #named = 0;

  constructor(options: { clock: Clock; most: number; seed: number }) {
    this.#clock = options.clock;
    this.#most = options.most;
    this.#run = `${options.seed}.${options.clock.now().toString(36)}`;
  }

  /** Somebody with an account. */
  async anyone(steps: Steps, random: Random): Promise<Customer> {
    // Who fails to sign up leaves his place to one of those who wait.
    while (this.#isFull() && this.#all.length === 0 && this.#signingUp.size > 0) {
      await Promise.race(this.#signingUp).catch(() => undefined);
    }
    const choice = this.#isFull() ? this.#all : [];
    return choice.length > 0 ? pick(random, choice) : this.#joins(steps);
  }

  #isFull(): boolean {
    return this.#all.length + this.#signingUp.size >= this.#most;
  }

  /** Somebody who has ordered before, if there is one. */
  withOrders(random: Random): Customer | undefined {
    const found = this.#all.filter(({ orders }) => orders.length > 0);
    return found.length === 0 ? undefined : pick(random, found);
  }

  /** His session, begun now if it has to be; who comes meanwhile shares it, or its failure. */
  async session(steps: Steps, customer: Customer): Promise<SignedIn> {
    customer.beginning ??= this.#begins(steps, customer);
    return customer.beginning;
  }

  async #begins(steps: Steps, customer: Customer): Promise<SignedIn> {
    try {
      customer.session = await this.#valid(steps, customer.credentials, customer.session);
      return customer.session;
    } finally {
      customer.beginning = undefined;
    }
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

  async #joins(steps: Steps): Promise<Customer> {
    const joining = this.#signUp(steps);
    this.#signingUp.add(joining);
    try {
      const customer = await joining;
      this.#all.push(customer);
      return customer;
    } finally {
      this.#signingUp.delete(joining);
    }
  }

  async #signUp(steps: Steps): Promise<Customer> {
    const name = `load.${this.#run}.${this.#named++}`;
    const credentials = { email: `${name}@load.example`, password: `only for ${name}` };
    const body = { ...credentials, name: 'Lou Load' };
    await steps.call(createAccount, { body }, { expect: [201] });
    return { credentials, session: undefined, orders: [] };
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
