import type { Deployment, Manifests } from '../manifests/model.ts';

/** A Secret's value, once it is known: stores make up theirs when they start. */
export type SecretLookup = (name: string, key: string) => string | undefined;

export type PodFacts = { name: string; ip: string };

export type EnvInputs = {
  deployment: Deployment;
  pod: PodFacts;
  configMaps: Manifests['configMaps'];
  secret: SecretLookup;
};

/**
 * The container's environment as Kubernetes resolves it: `envFrom` first, then `env` in order,
 * with `$(NAME)` replaced by variables defined before it.
 */
export function resolveEnv(inputs: EnvInputs): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { configMapRef, prefix = '' } of inputs.deployment.envFrom) {
    const data = inputs.configMaps.get(configMapRef.name) ?? {};
    for (const [key, value] of Object.entries(data)) env[`${prefix}${key}`] = value;
  }
  for (const entry of inputs.deployment.env) {
    const value = entry.valueFrom ? fromSource(entry, inputs) : expand(entry.value ?? '', env);
    if (value !== undefined) env[entry.name] = value;
  }
  return env;
}

function fromSource(entry: Deployment['env'][number], inputs: EnvInputs): string | undefined {
  const { configMapKeyRef, secretKeyRef, fieldRef } = entry.valueFrom ?? {};
  if (configMapKeyRef) return inputs.configMaps.get(configMapKeyRef.name)?.[configMapKeyRef.key];
  if (fieldRef) return fieldValue(fieldRef.fieldPath, inputs);
  if (!secretKeyRef) return undefined;
  const value = inputs.secret(secretKeyRef.name, secretKeyRef.key);
  if (value !== undefined || secretKeyRef.optional) return value;
  const what = `${secretKeyRef.name}/${secretKeyRef.key}`;
  throw new Error(`start ${inputs.pod.name}: no value for ${entry.name} from Secret ${what}`);
}

function fieldValue(path: string, { deployment, pod }: EnvInputs): string | undefined {
  const label = /^metadata\.labels\['([^']+)'\]$/.exec(path)?.[1];
  if (label !== undefined) return deployment.podLabels[label] ?? '';
  const fields: Record<string, string> = {
    'metadata.name': pod.name,
    'metadata.namespace': deployment.namespace,
    'spec.serviceAccountName': deployment.serviceAccount,
    'status.podIP': pod.ip,
  };
  return fields[path];
}

/** Replaces `$(NAME)`; `$$(NAME)` stands for a literal `$(NAME)`, and so does an unknown name. */
function expand(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$(\$|\(([A-Za-z_][A-Za-z0-9_]*)\))/g, (all, what: string, name?: string) =>
    what === '$' ? '$' : (env[name ?? ''] ?? all),
  );
}

/** Replaces the mount paths in an environment by the folders that stand for the volumes. */
export function relocate(
  env: Readonly<Record<string, string>>,
  folders: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => {
      for (const [mountPath, folder] of folders) {
        if (value === mountPath || value.startsWith(`${mountPath}/`)) {
          return [key, folder + value.slice(mountPath.length)];
        }
      }
      return [key, value];
    }),
  );
}
