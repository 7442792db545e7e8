import { z } from 'zod';

/*
 * Exactly the fields that the manifests use, of the kinds they use: a misspelt field, a number where
 * Kubernetes wants text, or a value it would refuse is an error.
 */
export const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'not a Kubernetes name');
const label = z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/);
export const labels = z.record(z.string(), label);
export const strings = z.record(z.string(), z.string({ error: 'expected text; quote numbers' }));
export const portNumber = z.int().min(1).max(65_535);
export const portName = z.string().regex(/^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/);
export const port = z.union([portNumber, portName]);
export const count = z.int().min(0);
export const seconds = z.int().min(0).max(86_400);
export const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'not a quantity');
export const cidr = z.union([z.cidrv4(), z.cidrv6()]);
export const httpUrl = z.url({ protocol: /^https?$/ });

export const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: labels.default({}),
  annotations: strings.default({}),
});

const operator = z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']);

export const labelSelector = z.strictObject({
  matchLabels: labels.default({}),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator, values: z.array(label).default([]) }))
    .default([]),
});

export type LabelSelector = z.output<typeof labelSelector>;

/** Whether a pod with these labels is meant. */
export function selects(selector: LabelSelector, pod: Readonly<Record<string, string>>): boolean {
  const pairs = Object.entries(selector.matchLabels);
  return (
    pairs.every(([key, value]) => pod[key] === value) &&
    selector.matchExpressions.every(({ key, operator: how, values }) => {
      const value = pod[key];
      if (how === 'Exists') return value !== undefined;
      if (how === 'DoesNotExist') return value === undefined;
      return (value !== undefined && values.includes(value)) === (how === 'In');
    })
  );
}

/** The schema of an object with a spec. */
export function resource<Kind extends string, Spec extends z.ZodType>(
  apiVersion: string,
  kind: Kind,
  spec: Spec,
) {
  return z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata,
    spec,
  });
}
