import { z } from 'zod';
import {
  count,
  labelSelector,
  labels,
  name,
  port,
  portName,
  portNumber,
  quantity,
  seconds,
  strings,
} from './common.ts';

const keyRef = z.strictObject({ name, key: z.string(), optional: z.boolean().default(false) });

const env = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
    value: z.string({ error: 'expected text; quote numbers and booleans' }).optional(),
    valueFrom: z
      .strictObject({
        secretKeyRef: keyRef.optional(),
        configMapKeyRef: keyRef.optional(),
        fieldRef: z.strictObject({ fieldPath: z.string() }).optional(),
      })
      .refine((from) => Object.keys(from).length === 1, 'expected exactly one source')
      .optional(),
  })
  .refine(({ value, valueFrom }) => (value === undefined) !== (valueFrom === undefined), {
    error: 'expected either a value or where it comes from',
  });

const handler = {
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port }).optional(),
  tcpSocket: z.strictObject({ port }).optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
};

const probe = z
  .strictObject({
    ...handler,
    periodSeconds: z.int().min(1).default(10),
    timeoutSeconds: z.int().min(1).default(1),
    failureThreshold: z.int().min(1).default(3),
  })
  .refine(
    ({ httpGet, tcpSocket, exec }) => [httpGet, tcpSocket, exec].filter(Boolean).length === 1,
    {
      error: 'expected exactly one of httpGet, tcpSocket and exec',
    },
  );

const amounts = z.strictObject({
  cpu: quantity.optional(),
  memory: quantity.optional(),
});

const container = z.strictObject({
  name,
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  ports: z.array(z.strictObject({ name: portName, containerPort: portNumber })).default([]),
  env: z.array(env).default([]),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name }) })).default([]),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z
    .strictObject({ preStop: z.strictObject({ sleep: z.strictObject({ seconds }) }) })
    .optional(),
  resources: z.strictObject({ requests: amounts, limits: amounts }),
  volumeMounts: z
    .array(
      z.strictObject({
        name,
        mountPath: z.string().startsWith('/'),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.boolean().optional(),
    privileged: z.boolean().optional(),
    readOnlyRootFilesystem: z.boolean().optional(),
    runAsUser: count.optional(),
    capabilities: z
      .strictObject({ drop: z.array(z.string()).default([]), add: z.array(z.string()).default([]) })
      .optional(),
  }),
});

const volume = z
  .strictObject({
    name,
    emptyDir: z.strictObject({ sizeLimit: quantity.optional() }).optional(),
    configMap: z.strictObject({ name }).optional(),
    secret: z.strictObject({ secretName: name }).optional(),
    persistentVolumeClaim: z.strictObject({ claimName: name }).optional(),
    hostPath: z.strictObject({ path: z.string() }).optional(),
  })
  .refine((value) => Object.keys(value).length === 2, 'expected exactly one kind of volume');

const spread = z.strictObject({
  maxSkew: z.int().min(1),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
  matchLabelKeys: z.array(z.string()).default([]),
  labelSelector,
});

const podSpec = z.strictObject({
  restartPolicy: z.enum(['Always', 'Never']).default('Always'),
  serviceAccountName: name,
  automountServiceAccountToken: z.boolean(),
  enableServiceLinks: z.boolean().optional(),
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  terminationGracePeriodSeconds: seconds,
  securityContext: z.strictObject({
    runAsNonRoot: z.boolean().optional(),
    runAsUser: count.optional(),
    fsGroup: count.optional(),
    seccompProfile: z.strictObject({ type: z.string() }).optional(),
  }),
  topologySpreadConstraints: z.array(spread).default([]),
  containers: z.array(container).min(1),
  volumes: z.array(volume).default([]),
});

const template = z.strictObject({
  metadata: z.strictObject({ labels, annotations: strings.default({}) }),
  spec: podSpec,
});

/** What a Deployment or a StatefulSet makes pods from. */
export const podTemplate = template.refine(
  ({ spec }) => spec.restartPolicy === 'Always',
  'restartPolicy: expected Always, of what serves',
);

/** What a Job makes pods from: one for each try, so that what each said can be read. */
export const jobTemplate = template.refine(
  ({ spec }) => spec.restartPolicy === 'Never',
  'restartPolicy: expected Never, of what ends',
);

export type PodTemplate = z.output<typeof podTemplate>;
export type Container = z.output<typeof container>;
