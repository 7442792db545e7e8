import { loadConfig, seedConfig, storeServiceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

const publicJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(1),
  kid: z.string().min(1).max(100).optional(),
});

/** JSON of a key. What is wrong with it is said without a word of its content. */
function jwk<Schema extends z.ZodType>(schema: Schema, expected: string) {
  return z.string().transform((text, context): z.output<Schema> => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue(`expected ${expected}`);
    return z.NEVER;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shape = {
  ...storeServiceConfig,
  ...seedConfig,
  /** Signs access tokens. */
  SIGNING_KEY: jwk(publicJwk.extend({ d: z.string().min(1) }), 'a private Ed25519 key as a JWK'),
  /** The key before, whose tokens stay good until they expire; its public half is enough. */
  PREVIOUS_SIGNING_KEY: jwk(publicJwk, 'an Ed25519 key as a JWK').optional(),
  /** Off where the shop is served over plain http. */
  COOKIE_SECURE: z.stringbool().default(false),
  DEMO_ADMIN_PASSWORD: z.string().min(10).optional(),
  DEMO_CUSTOMER_PASSWORD: z.string().min(10).optional(),
};

export type SigningKey = z.output<typeof shape.SIGNING_KEY>;
export type PublicKey = z.output<typeof publicJwk>;

/**
 * The service's configuration.
 * @throws ConfigError naming what is missing or wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  return loadConfig(shape, env);
}
