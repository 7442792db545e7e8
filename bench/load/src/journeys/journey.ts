import type { Clock } from '@faultline/chassis/clock';
import type { Random } from '@faultline/mesh-core/random';
import type { Credentials, Customers } from '../customers.ts';
import type { Good } from '../goods.ts';
import type { OrderBook } from '../order-book.ts';
import type { Steps } from '../steps.ts';

/** Somebody on a journey, with what he knows and remembers. */
export type Person = {
  steps: Steps;
  random: Random;
  clock: Clock;
  goods: readonly Good[];
  customers: Customers;
  orders: OrderBook;
  /** The back office's account, where one was given. */
  admin: Credentials | undefined;
};

/** One thing people come for, from its first request to its last. */
export type Journey = {
  name: string;
  /** How many come for it, compared with the others. */
  weight: number;
  /** How many requests it takes on average, to turn requests a second into people. */
  requests: number;
  /** @throws StepFailed at the first request that fails. */
  make(person: Person): Promise<void>;
};
