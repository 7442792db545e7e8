import type { CallContext } from '@faultline/chassis/call';
import type { Clock } from '@faultline/chassis/clock';
import type { HttpClient } from '@faultline/chassis/http-client';
import { readKeySet } from '@faultline/contracts/profiles';
import { type CryptoKey, importJWK } from 'jose';

const KEYS_MAX = 16;
/** How often a key id that nobody knows may send us to ask. */
const UNKNOWN_KEY_INTERVAL_MS = 30_000;
/** Without any key nobody gets in: ask more eagerly. */
const EMPTY_INTERVAL_MS = 1_000;
const FETCH_TIMEOUT_MS = 3_000;

/** The keys that sign access tokens, as profiles publishes them. */
export class KeySet {
  readonly #profiles: HttpClient;
  readonly #clock: Clock;
  #keys = new Map<string, CryptoKey>();
  #fetching: Promise<void> | undefined;
  #nextFetchMs = 0;

  constructor(options: { profiles: HttpClient; clock: Clock }) {
    this.#profiles = options.profiles;
    this.#clock = options.clock;
  }

  /**
   * The key of that id, asking profiles for one that is not known, at most every 30 s.
   * @throws DependencyError when there are no keys at all and profiles does not answer.
   */
  async find(id: string): Promise<CryptoKey | undefined> {
    const known = this.#keys.get(id);
    if (known) return known;
    const nowMs = this.#clock.monotonic();
    if (!this.#fetching && nowMs >= this.#nextFetchMs) {
      this.#nextFetchMs =
        nowMs + (this.#keys.size > 0 ? UNKNOWN_KEY_INTERVAL_MS : EMPTY_INTERVAL_MS);
      await this.refresh().catch((error: unknown) => {
        if (this.#keys.size === 0) throw error;
      });
    } else if (this.#keys.size === 0) {
      await this.#fetching;
    }
    return this.#keys.get(id);
  }

  /** Fetches the set anew, so that keys that were withdrawn are forgotten. One fetch at a time. */
  async refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const call: CallContext = {
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
      deadlineMs: this.#clock.monotonic() + FETCH_TIMEOUT_MS,
    };
    const { body } = await this.#profiles.call(readKeySet, {}, call);
    const usable = body.keys.slice(0, KEYS_MAX).filter(isEd25519);
    const imported = usable.map(async ({ kid, x }): Promise<[string, CryptoKey]> => {
      const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA');
      if (key instanceof Uint8Array) throw new TypeError('an OKP key cannot be a secret');
      return [kid, key];
    });
    this.#keys = new Map(await Promise.all(imported));
  }
}

function isEd25519<Key extends { kty: string; kid: string; [name: string]: unknown }>(
  key: Key,
): key is Key & { x: string } {
  return key.kty === 'OKP' && key['crv'] === 'Ed25519' && typeof key['x'] === 'string';
}
