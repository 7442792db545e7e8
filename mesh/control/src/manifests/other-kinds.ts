import { z } from 'zod';
import { type Finding, type Kind, metadata, named } from './fields.ts';
import { toParent } from './http-route.ts';
import type { Named, ParentRef, ServiceProfile } from './model.ts';
import { parentRefs } from './route-fields.ts';

const grpcRouteSchema = z.strictObject({
  apiVersion: z.literal('gateway.networking.k8s.io/v1'),
  kind: z.literal('GRPCRoute'),
  metadata,
  spec: z.looseObject({ parentRefs }),
});

type GrpcRoute = Named & { readonly parents: readonly ParentRef[] };

/** Read only for the HTTPRoutes that it displaces. */
export const grpcRoute: Kind<typeof grpcRouteSchema, GrpcRoute> = {
  schema: grpcRouteSchema,
  findings: () => [
    {
      path: ['kind'],
      message: 'the embedded mesh does not route gRPC by service and method; use an HTTPRoute',
      effect: 'ignore',
    },
  ],
  toModel(manifest) {
    const head = named(manifest);
    const parents = manifest.spec.parentRefs.map((one) => toParent(one, head.ref.namespace));
    return { ...head, parents };
  },
};

const profileName = /^(?<name>[a-z0-9-]+)\.(?<namespace>[a-z0-9-]+)\.svc\.cluster\.local$/;

const profileSchema = z.strictObject({
  apiVersion: z.literal('linkerd.io/v1alpha2'),
  kind: z.literal('ServiceProfile'),
  metadata: metadata.extend({
    name: z.string().regex(profileName, 'expected <service>.<namespace>.svc.cluster.local'),
  }),
  spec: z.strictObject({
    opaquePorts: z.array(z.unknown()).optional(),
    retryBudget: z.unknown().optional(),
    dstOverrides: z.array(z.unknown()).default([]),
    routes: z
      .array(
        z.strictObject({
          name: z.string(),
          condition: z.looseObject({}),
          isRetryable: z.boolean().optional(),
          timeout: z.string().optional(),
          responseClasses: z.array(z.unknown()).optional(),
        }),
      )
      .default([]),
  }),
});

/** Profiles are followed in what they switch off; what they would add is refused. */
export const serviceProfile: Kind<typeof profileSchema, ServiceProfile> = {
  schema: profileSchema,
  findings: ({ spec }) => [
    ...(['opaquePorts', 'retryBudget'] as const).flatMap((field) =>
      spec[field] === undefined ? [] : unsupported(['spec', field]),
    ),
    ...(spec.dstOverrides.length === 0 ? [] : unsupported(['spec', 'dstOverrides'])),
    ...spec.routes.flatMap((route, index) =>
      (['isRetryable', 'timeout', 'responseClasses'] as const).flatMap((field) =>
        route[field] === undefined ? [] : unsupported(['spec', 'routes', index, field]),
      ),
    ),
  ],
  toModel(manifest) {
    const { name = '', namespace = '' } = profileName.exec(manifest.metadata.name)?.groups ?? {};
    const { routes, dstOverrides } = manifest.spec;
    return {
      ...named(manifest),
      service: { name, namespace },
      inEffect: routes.length > 0 || dstOverrides.length > 0,
    };
  },
};

function unsupported(path: Finding['path']): Finding[] {
  const message =
    'the embedded mesh does not follow ServiceProfiles here; use an HTTPRoute and annotations';
  return [{ path, message, effect: 'ignore' }];
}

/** Kinds that people may bring from a cluster, and why they are not read. */
export const refusedKinds: Readonly<Record<string, string>> = {
  ServerAuthorization: 'superseded; use an AuthorizationPolicy',
  TLSRoute: 'the embedded mesh routes HTTP only; everything else passes as opaque TCP',
  TCPRoute: 'the embedded mesh routes HTTP only; everything else passes as opaque TCP',
  ExternalWorkload: 'workloads outside the cluster have no counterpart on one machine',
  Gateway: 'Linkerd implements no Gateways',
};
