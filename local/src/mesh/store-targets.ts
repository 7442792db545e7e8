import type { Environment } from '../config.ts';
import { generatedSecret } from '../manifests/generated-secrets.ts';
import type { Deployment, Manifests } from '../manifests/model.ts';
import { databaseVariable } from '../stores/secrets.ts';

/** A store as an app reaches it by TCP. */
export type StoreTarget = {
  name: 'postgres' | 'redis';
  to: { host: string; port: number };
};

/** Where the stores that run on this machine listen. */
export type StorePorts = Readonly<Partial<Record<StoreTarget['name'], number>>>;

const defaultPorts = { postgres: 5432, redis: 6379 };

/**
 * The stores that a Deployment's Secrets lead to, each once. A store that is called over TLS is
 * left out: its certificate names a host that the sidecar is not.
 */
export function storeTargets(
  deployment: Deployment,
  from: { secrets: Manifests['secrets']; env: Environment; ports: StorePorts },
): StoreTarget[] {
  const references = deployment.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  const targets = references.flatMap(({ name, key }): StoreTarget | [] => {
    const given = from.secrets.get(name)?.[key];
    if (given !== undefined) return parseStoreUrl(given) ?? [];
    const generated = generatedSecret(name, key);
    if (generated?.kind !== 'database' && generated?.kind !== 'redis') return [];
    const isDatabase = generated.kind === 'database';
    const url = from.env[isDatabase ? databaseVariable(generated.database) : 'REDIS_URL'];
    if (url !== undefined) return parseStoreUrl(url) ?? [];
    const store = isDatabase ? 'postgres' : 'redis';
    const port = from.ports[store];
    return port === undefined ? [] : { name: store, to: { host: '127.0.0.1', port } };
  });
  return [...new Map(targets.map((target) => [JSON.stringify(target), target])).values()];
}

/** `url` with the sidecar's listener in place of the store, where the sidecar has one for it. */
export function throughSidecar(
  url: string,
  targets: readonly { to: StoreTarget['to']; listen: { host: string; port: number } }[],
): string {
  const store = parseStoreUrl(url);
  const found = targets.find(({ to }) => to.host === store?.to.host && to.port === store?.to.port);
  if (found === undefined) return url;
  const changed = new URL(url);
  changed.hostname = found.listen.host;
  changed.port = String(found.listen.port);
  return changed.href;
}

/** The store that a URL names; undefined for what is not a store's, or is called over TLS. */
function parseStoreUrl(text: string): StoreTarget | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const name = storeOf(url);
  if (name === undefined || url.hostname === '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { name, to: { host, port: Number(url.port || defaultPorts[name]) } };
}

function storeOf(url: URL): StoreTarget['name'] | undefined {
  if (url.protocol === 'redis:') return 'redis';
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return undefined;
  const mode = url.searchParams.get('sslmode') ?? url.searchParams.get('ssl') ?? 'disable';
  return ['disable', 'false', '0'].includes(mode) ? 'postgres' : undefined;
}
