import { z } from 'zod';
import type { Named } from './model.ts';
import type { Path } from './place.ts';

// Pieces of the schemas that several kinds share.

export const namespaceDefault = 'default';

export const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a Kubernetes name')
  .max(253);

export const portNumber = z.int().min(1).max(65_535);

export const metadata = z.strictObject({
  name: objectName,
  namespace: objectName.default(namespaceDefault),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z
    .record(z.string(), z.string({ error: 'expected a string; quote numbers and booleans' }))
    .default({}),
  creationTimestamp: z.iso.datetime().optional(),
  generation: z.int().min(1).optional(),
});

/** What a manifest says that Linkerd does not do, and what Linkerd does instead. */
export type Finding = {
  path: Path;
  message: string;
  /**
   * `reject`: its admission webhook refuses the object; `drop`: the object has no effect;
   * `backend`: the backend answers 500; `ignore`: the field has no effect; `warn`: it works, but
   * perhaps not everywhere, so it is never refused.
   */
  effect: 'reject' | 'drop' | 'backend' | 'ignore' | 'warn';
};

/** What the manifests of one kind are read with. */
export type Kind<Schema extends z.ZodType, Model extends Named> = {
  schema: Schema;
  /** What cannot be seen field by field. */
  findings(manifest: z.output<Schema>): Finding[];
  toModel(manifest: z.output<Schema>): Model;
};

/** The head of a model. */
export function named(manifest: {
  apiVersion: string;
  kind: string;
  metadata: z.output<typeof metadata>;
}): Named {
  const { name, namespace, creationTimestamp, generation } = manifest.metadata;
  const [group = ''] = manifest.apiVersion.split('/');
  return {
    ref: { group, kind: manifest.kind, namespace, name },
    createdMs: creationTimestamp === undefined ? undefined : Date.parse(creationTimestamp),
    generation,
  };
}
