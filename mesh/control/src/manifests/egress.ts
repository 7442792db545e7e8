import { isCidr } from '@faultline/mesh-core/cidr';
import { z } from 'zod';
import { type Kind, metadata, named } from './fields.ts';
import type { EgressNetwork } from './model.ts';

const cidr = z.string().refine(isCidr, 'expected a network such as 203.0.113.0/24');

const schema = z.strictObject({
  apiVersion: z.literal('policy.linkerd.io/v1alpha1'),
  kind: z.literal('EgressNetwork'),
  metadata,
  spec: z.strictObject({
    networks: z
      .array(z.strictObject({ cidr, except: z.array(cidr).default([]) }))
      .min(1)
      .optional(),
    trafficPolicy: z.enum(['Allow', 'Deny']),
  }),
});

/** What of the world outside may be called. */
export const egressNetwork: Kind<typeof schema, EgressNetwork> = {
  schema,
  findings: () => [],
  toModel: (manifest) => ({
    ...named(manifest),
    networks: manifest.spec.networks,
    allows: manifest.spec.trafficPolicy === 'Allow',
  }),
};
