import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../config.ts';
import { generatedSecret, type GeneratedSecret } from '../manifests/generated-secrets.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';

type Reference = { name: string; key: string };

/** Every Secret key the Deployments refer to. */
function secretReferences(deployments: readonly Deployment[]): Reference[] {
  return deployments.flatMap((deployment) =>
    deployment.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  );
}

/** Which stores have to run locally, given the addresses the engine's environment names. */
export function neededStores(
  manifests: Manifests,
  env: Environment,
): { databases: string[]; redis: boolean } {
  const generated = secretReferences(manifests.deployments)
    .filter(({ name }) => !manifests.secrets.has(name))
    .map(({ name, key }) => generatedSecret(name, key));
  const databases = generated.flatMap((one) => (one?.kind === 'database' ? one.database : []));
  return {
    databases: [...new Set(databases)].filter((name) => env[databaseVariable(name)] === undefined),
    redis: generated.some((one) => one?.kind === 'redis') && env['REDIS_URL'] === undefined,
  };
}

/** `DATABASE_URL_ORDERS`: the variable that replaces the local database `orders`. */
export function databaseVariable(database: string): string {
  return `DATABASE_URL_${database.toUpperCase().replaceAll('-', '_')}`;
}

/** The values of Secrets: from manifests, from stores as they start, or made up once and kept. */
export class Secrets {
  readonly #manifests: Manifests;
  readonly #env: Environment;
  readonly #dir: string;
  readonly #stores = new Map<string, PromiseWithResolvers<string>>();
  readonly #known = new Map<string, string>();

  constructor(options: { manifests: Manifests; env: Environment; dir: string }) {
    this.#manifests = options.manifests;
    this.#env = options.env;
    this.#dir = options.dir;
  }

  /** The URL of a database or of Redis (`redis`) has become known: it takes connections. */
  provide(store: string, url: string): void {
    this.#store(store).resolve(url);
  }

  /** Resolves when every value the Deployment refers to is known, or the signal aborts. */
  async whenKnown(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const all = secretReferences([deployment]).map((reference) => this.#learn(reference));
    await Promise.race([Promise.all(all), aborted]);
  }

  /** A value that is known by now. */
  lookup(name: string, key: string): string | undefined {
    return this.#manifests.secrets.get(name)?.[key] ?? this.#known.get(`${name}/${key}`);
  }

  /** Makes up a value now, for use outside of pods. */
  async read(name: string, key: string): Promise<string | undefined> {
    await this.#learn({ name, key });
    return this.lookup(name, key);
  }

  async #learn({ name, key }: Reference): Promise<void> {
    if (this.lookup(name, key) !== undefined || this.#manifests.secrets.has(name)) return;
    const generated = generatedSecret(name, key);
    const value = generated && (await this.#generate(generated, `${name}.${key}`));
    if (value !== undefined) this.#known.set(`${name}/${key}`, value);
  }

  async #generate(secret: GeneratedSecret, file: string): Promise<string | undefined> {
    switch (secret.kind) {
      case 'database': {
        const given = this.#env[databaseVariable(secret.database)];
        return given ?? this.#store(`database/${secret.database}`).promise;
      }
      case 'redis':
        return this.#env['REDIS_URL'] ?? this.#store('redis').promise;
      case 'signing-key':
        return this.#keep(file, newSigningKey);
      case 'password':
        return this.#keep(file, () => Promise.resolve(randomBytes(12).toString('base64url')));
      case 'absent':
        return undefined;
    }
  }

  #store(name: string): PromiseWithResolvers<string> {
    const store = this.#stores.get(name) ?? Promise.withResolvers<string>();
    this.#stores.set(name, store);
    return store;
  }

  /** The content of a private file, created on the first call. */
  async #keep(file: string, create: () => Promise<string>): Promise<string> {
    const path = join(this.#dir, file);
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) {
      // Several pods may ask at once: the first to write decides.
      await writeFile(path, await create(), { mode: 0o600, flag: 'wx' }).catch(() => undefined);
    }
    return readFile(path, 'utf8');
  }
}

/** A private Ed25519 key as a JWK with a key id. */
async function newSigningKey(): Promise<string> {
  const { calculateJwkThumbprint, exportJWK, generateKeyPair } = await import('jose');
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  return JSON.stringify({
    ...jwk,
    kid: await calculateJwkThumbprint(jwk),
    alg: 'EdDSA',
    use: 'sig',
  });
}
