import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The secrets by which proxies show which instance they belong to. They are derived from one kept
 * secret, so that proxies which outlive a control plane are known to the next.
 */
export class StartupTokens {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** The token of an instance, given to its proxy and to nobody else. */
  tokenOf(instance: string): string {
    return createHmac('sha256', this.#secret).update(instance).digest('base64url');
  }

  /** Whether `token` is the instance's; takes the same time whatever it is. */
  accepts(instance: string, token: string): boolean {
    const digest = (text: string) => createHmac('sha256', this.#secret).update(text).digest();
    return timingSafeEqual(digest(token), digest(this.tokenOf(instance)));
  }
}
