import { z } from 'zod';
import { parseQuantity } from '../autoscale/quantity.ts';

// Exactly the fields the local engine follows; see no-effect.ts for those it accepts besides.

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a Kubernetes name');
const strings = z.record(z.string(), z.string());
const portNumber = z.int().min(1).max(65_535);
const port = z.union([portNumber, z.string()]);

const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: strings.optional(),
  annotations: strings.optional(),
});

const quantity = z
  .union([z.string(), z.number().transform(String)])
  .refine((text) => parseQuantity(text) !== undefined, 'expected a quantity such as 250m or 2');

const keyRef = z.strictObject({ name, key: z.string(), optional: z.boolean().optional() });

const env = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'not an environment variable name'),
  value: z.string({ error: 'expected a string; quote numbers and booleans' }).optional(),
  valueFrom: z
    .strictObject({
      configMapKeyRef: keyRef.optional(),
      secretKeyRef: keyRef.optional(),
      fieldRef: z
        .strictObject({ fieldPath: z.string(), apiVersion: z.literal('v1').optional() })
        .optional(),
    })
    .refine((from) => Object.keys(from).length === 1, 'expected exactly one source')
    .optional(),
});

const probe = z.strictObject({
  httpGet: z.strictObject({
    path: z.string().startsWith('/'),
    port,
    scheme: z.literal('HTTP').optional(),
  }),
  initialDelaySeconds: z.int().min(0).default(0),
  periodSeconds: z.int().min(1).default(10),
  timeoutSeconds: z.int().min(1).default(1),
  successThreshold: z.int().min(1).default(1),
  failureThreshold: z.int().min(1).default(3),
});

const container = z.strictObject({
  name,
  image: z.string(),
  command: z.array(z.string()).min(1, 'expected the command to run'),
  args: z.array(z.string()).optional(),
  env: z.array(env).default([]),
  envFrom: z
    .array(
      z.strictObject({
        configMapRef: z.strictObject({ name, optional: z.boolean().optional() }),
        prefix: z.string().optional(),
      }),
    )
    .default([]),
  ports: z
    .array(
      z.strictObject({
        name: z.string({ error: 'expected a name: the engine gives ports to apps by name' }),
        containerPort: portNumber,
        protocol: z.literal('TCP').optional(),
      }),
    )
    .default([]),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({ sleep: z.strictObject({ seconds: z.int().min(0) }) }),
    })
    .optional(),
  resources: z
    .strictObject({
      limits: z
        .strictObject({
          memory: z
            .string()
            .regex(/^\d+(Ki|Mi|Gi)$/, 'expected Ki, Mi or Gi')
            .optional(),
        })
        .optional(),
      requests: z.strictObject({ cpu: quantity.optional() }).optional(),
    })
    .optional(),
  volumeMounts: z
    .array(
      z.strictObject({
        name,
        mountPath: z.string().startsWith('/'),
        readOnly: z.boolean().optional(),
      }),
    )
    .default([]),
});

const volume = z.strictObject({
  name,
  emptyDir: z.strictObject({}).optional(),
  persistentVolumeClaim: z.strictObject({ claimName: name }).optional(),
});

/** A number of pods, or a share of those asked for. */
const podCount = z.union([z.int().min(0), z.string().regex(/^\d{1,3}%$/, 'expected 1 or 25%')]);

const strategy = z
  .strictObject({
    type: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
    rollingUpdate: z
      .strictObject({ maxSurge: podCount.default('25%'), maxUnavailable: podCount.default('25%') })
      .optional(),
  })
  .refine(
    ({ type, rollingUpdate }) => type === 'RollingUpdate' || rollingUpdate === undefined,
    'rollingUpdate counts only with the type RollingUpdate',
  );

const deployment = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata,
  spec: z.strictObject({
    replicas: z.int().min(0).default(1),
    strategy: strategy.prefault({}),
    minReadySeconds: z.int().min(0).default(0),
    progressDeadlineSeconds: z.int().min(1).default(600),
    selector: z.strictObject({ matchLabels: strings }),
    template: z.strictObject({
      metadata: z.strictObject({ labels: strings, annotations: strings.default({}) }),
      spec: z.strictObject({
        serviceAccountName: name.optional(),
        terminationGracePeriodSeconds: z.int().min(0).default(30),
        restartPolicy: z.literal('Always').optional(),
        containers: z.array(container).length(1, 'the local engine runs one container per pod'),
        volumes: z.array(volume).default([]),
      }),
    }),
  }),
});

const service = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({
    // Addresses are not given out: names are resolved by the mesh.
    clusterIP: z.literal(['None', '']).optional(),
    selector: strings,
    ports: z
      .array(
        z.strictObject({
          name: z.string().optional(),
          port: portNumber,
          targetPort: port.optional(),
          protocol: z.literal('TCP').optional(),
          appProtocol: z.string().optional(),
        }),
      )
      .min(1),
  }),
});

const configMap = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata,
  data: z
    .record(z.string(), z.string({ error: 'expected a string; quote numbers and booleans' }))
    .default({}),
});

const secret = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata,
  type: z.literal('Opaque').optional(),
  data: z.record(z.string(), z.base64()).default({}),
  stringData: strings.default({}),
});

const serviceAccount = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ServiceAccount'),
  metadata,
});

const claim = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('PersistentVolumeClaim'),
  metadata,
});

/** The schema of every kind the local engine reads. */
export const kinds = {
  Deployment: deployment,
  Service: service,
  ServiceAccount: serviceAccount,
  ConfigMap: configMap,
  Secret: secret,
  PersistentVolumeClaim: claim,
};

export type DeploymentManifest = z.output<typeof deployment>;
export type ContainerManifest = z.output<typeof container>;
export type ProbeManifest = z.output<typeof probe>;
export type EnvManifest = z.output<typeof env>;
export type ServiceManifest = z.output<typeof service>;
export type ConfigMapManifest = z.output<typeof configMap>;
export type SecretManifest = z.output<typeof secret>;
export type NamedManifest = z.output<typeof serviceAccount> | z.output<typeof claim>;
