/** A Kubernetes object as YAML has it, before any schema of its kind. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string | undefined; [key: string]: unknown };
  [key: string]: unknown;
};

/** How people call it. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

/** What hinders, as a reader of the manifest would look for it. */
export type Problem = { what: string; message: string };
