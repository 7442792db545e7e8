import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseAllDocuments, stringify, visit } from 'yaml';
import { root, stateDir } from './steps.ts';

/*
 * Makes the Secrets that the services ask for, for a cluster of one's own: random, kept in
 * .faultline/cluster/secrets.yaml, and made anew only when that file is gone. Services are found by
 * their manifests. A Secret that is optional and of no kind that is known here is left out.
 */
type Secret = { name: string; values: Record<string, string> };
/** What a server asks for, and all of its clients are given. */
type Shared = { redisPassword: string };
type Asked = { name: string; key: string; optional: boolean };

const kinds: readonly [
  suffix: string,
  key: string,
  make: (name: string, shared: Shared) => string,
][] = [
  ['-database', 'url', (name) => databaseUrl(name.slice(0, -'-database'.length))],
  ['-redis', 'url', (_, { redisPassword }) => `redis://:${redisPassword}@redis:6379`],
  ['-signing-key', 'jwk', () => JSON.stringify(signingKey())],
  ['-password', 'password', () => password()],
];

function password(): string {
  return randomBytes(18).toString('base64url');
}

function databaseUrl(service: string): string {
  return `postgres://${service}:${password()}@postgres:5432/${service}`;
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(6).toString('hex') };
}

/** The Secrets that manifests ask for. Throws when one is of no known kind and not optional. */
export function makeSecrets(manifests: readonly string[]): Secret[] {
  const asked = new Map(manifests.flatMap(askedFor).map((one) => [one.name, one]));
  const shared = { redisPassword: password() };
  const made = [...asked.values()].flatMap(({ name, key, optional }): Secret[] => {
    const kind = kinds.find(([suffix, wanted]) => name.endsWith(suffix) && key === wanted);
    if (kind !== undefined) return [{ name, values: { [key]: kind[2](name, shared) } }];
    if (optional) return [];
    const known = kinds.map(([suffix, wanted]) => `<x>${suffix}/${wanted}`).join(', ');
    throw new Error(`make the Secret ${name}/${key}: expected one of ${known}`);
  });
  return [
    ...made,
    { name: 'postgres-admin', values: { password: password() } },
    { name: 'postgres-roles', values: { 'roles.sql': rolesSql(made) } },
    { name: 'redis-admin', values: { password: shared.redisPassword } },
  ];
}

function askedFor(text: string): Asked[] {
  const found: Asked[] = [];
  for (const document of parseAllDocuments(text)) {
    visit(document, {
      Pair(_, { key, value }) {
        if (!isScalar(key) || key.value !== 'secretKeyRef' || !isMap(value)) return;
        found.push({
          name: String(value.get('name')),
          key: String(value.get('key')),
          optional: value.get('optional') === true,
        });
      },
    });
  }
  return found;
}

/** A role and a database for each, which nobody else may connect to. */
function rolesSql(secrets: readonly Secret[]): string {
  return secrets
    .flatMap(({ values }) =>
      values['url']?.startsWith('postgres:') ? [new URL(values['url'])] : [],
    )
    .map(
      ({ username, password: secret }) =>
        `CREATE ROLE "${username}" LOGIN PASSWORD '${secret}';\n` +
        `CREATE DATABASE "${username}" OWNER "${username}";\n` +
        `REVOKE CONNECT ON DATABASE "${username}" FROM PUBLIC;\n`,
    )
    .join('');
}

/** The Secrets as manifests. */
export function renderSecrets(secrets: readonly Secret[]): string {
  const documents = secrets.map(({ name, values }) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop' },
    stringData: values,
  }));
  return documents.map((one) => stringify(one)).join('---\n');
}

/** Makes the file, unless it is there: databases keep the passwords of their first start. */
export function writeSecrets(): void {
  const manifests = globSync('services/*/deploy/*.yaml', { cwd: root }).toSorted();
  const texts = manifests.map((path) => readFileSync(join(root, path), 'utf8'));
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'secrets.yaml');
  if (existsSync(file)) return;
  writeFileSync(file, renderSecrets(makeSecrets(texts)), { mode: 0o600 });
}

if (import.meta.main) writeSecrets();
