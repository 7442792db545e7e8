import { randomBytes } from 'node:crypto';
import { ProblemError } from '@faultline/chassis/errors';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's parameters for Argon2id (the library's default variant). */
const parameters = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

/** Each hash takes 19 MiB and a thread for some 30 ms; two at once leave the other threads to the rest. */
const CONCURRENCY = 2;
/** Some 2 s of work: whoever stands further back would have given up by his turn. */
const QUEUE_MAX = 128;

/** Hashes and verifies passwords, a few at a time; a flood is turned away instead of queued. */
export class Passwords {
  readonly #dummyHash: string;
  readonly #queueMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  private constructor(dummyHash: string, queueMax: number) {
    this.#dummyHash = dummyHash;
    this.#queueMax = queueMax;
  }

  static async create(options: { queueMax?: number } = {}): Promise<Passwords> {
    const dummyHash = await hash(randomBytes(16), parameters);
    return new Passwords(dummyHash, options.queueMax ?? QUEUE_MAX);
  }

  /** @throws ProblemError `unavailable` when too many wait already. */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(normalise(password), parameters));
  }

  /**
   * Whether `password` is the one that was hashed. Without a hash the answer is no and takes as
   * long, so that the time does not tell which accounts exist.
   * @throws ProblemError `unavailable` when too many wait already.
   */
  verify(storedHash: string | undefined, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const matches = await verify(storedHash ?? this.#dummyHash, normalise(password));
      return matches && storedHash !== undefined;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= CONCURRENCY) await this.#wait();
    else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  /** Resolves when a place is handed over. */
  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#queueMax) {
      throw new ProblemError('unavailable', 'Too many people are signing in right now.', {
        reason: 'sign_in_busy',
        retryAfterSeconds: 2,
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The same characters typed on another system may be other code points. */
function normalise(password: string): string {
  return password.normalize('NFKC');
}
