import { z } from 'zod';
import { jobTemplate, podTemplate } from './pod.ts';
import {
  cidr,
  count,
  labelSelector,
  labels,
  metadata,
  name,
  port,
  portName,
  portNumber,
  quantity,
  resource,
  seconds,
  strings,
} from './common.ts';

const claimSpec = z.strictObject({
  accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'])).min(1),
  resources: z.strictObject({ requests: z.strictObject({ storage: quantity }) }),
});

const deployment = z.strictObject({
  replicas: count.optional(),
  revisionHistoryLimit: count.optional(),
  progressDeadlineSeconds: seconds.optional(),
  strategy: z.strictObject({
    type: z.enum(['RollingUpdate', 'Recreate']),
    rollingUpdate: z.strictObject({ maxSurge: count, maxUnavailable: count }).optional(),
  }),
  selector: labelSelector,
  template: podTemplate,
});

const statefulSet = z.strictObject({
  replicas: count,
  serviceName: name,
  selector: labelSelector,
  template: podTemplate,
  volumeClaimTemplates: z
    .array(z.strictObject({ metadata: z.strictObject({ name }), spec: claimSpec }))
    .default([]),
});

const job = z.strictObject({
  backoffLimit: count,
  activeDeadlineSeconds: seconds,
  ttlSecondsAfterFinished: seconds,
  template: jobTemplate,
});

const service = z.strictObject({
  selector: labels,
  ports: z
    .array(
      z.strictObject({
        name: portName,
        port: portNumber,
        targetPort: port,
        appProtocol: z.string().optional(),
      }),
    )
    .min(1),
});

const peer = z
  .strictObject({
    podSelector: labelSelector.optional(),
    namespaceSelector: labelSelector.optional(),
    ipBlock: z.strictObject({ cidr }).optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'expected a selector or a network');

const policyPorts = z.array(
  z.strictObject({ port, protocol: z.enum(['TCP', 'UDP']).default('TCP') }),
);

const networkPolicy = z.strictObject({
  podSelector: labelSelector,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])).min(1),
  ingress: z
    .array(z.strictObject({ from: z.array(peer).optional(), ports: policyPorts.optional() }))
    .default([]),
  egress: z
    .array(z.strictObject({ to: z.array(peer).optional(), ports: policyPorts.optional() }))
    .default([]),
});

const averageValue = z.strictObject({ type: z.literal('AverageValue'), averageValue: quantity });

const autoscaler = z
  .strictObject({
    scaleTargetRef: z.strictObject({
      apiVersion: z.literal('apps/v1'),
      kind: z.literal('Deployment'),
      name,
    }),
    minReplicas: z.int().min(1),
    maxReplicas: z.int().min(1),
    metrics: z
      .array(
        z.strictObject({
          type: z.literal('ContainerResource'),
          containerResource: z.strictObject({
            container: name,
            name: z.enum(['cpu', 'memory']),
            target: averageValue,
          }),
        }),
      )
      .min(1),
    behavior: z
      .strictObject({
        scaleDown: z.strictObject({ stabilizationWindowSeconds: z.int().min(0).max(3600) }),
      })
      .optional(),
  })
  .refine(({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas, 'expected min ≤ max');

const budget = z.strictObject({
  maxUnavailable: z.int().min(1),
  unhealthyPodEvictionPolicy: z.enum(['AlwaysAllow', 'IfHealthyBudget']).optional(),
  selector: labelSelector,
});

const head = <Kind extends string>(apiVersion: string, kind: Kind) => ({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
  metadata,
});

const roleRef = z.strictObject({ apiGroup: z.string(), kind: z.literal('ClusterRole'), name });
const subject = z.strictObject({ kind: z.literal('ServiceAccount'), name, namespace: name });
const rule = z.strictObject({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()).min(1),
  verbs: z.array(z.enum(['get', 'list', 'watch'])).min(1),
});
const rbac = 'rbac.authorization.k8s.io/v1';

/** The kinds of Kubernetes itself. */
export const coreKinds = {
  Namespace: z.strictObject(head('v1', 'Namespace')),
  ServiceAccount: z.strictObject({
    ...head('v1', 'ServiceAccount'),
    automountServiceAccountToken: z.boolean(),
  }),
  Service: resource('v1', 'Service', service),
  Deployment: resource('apps/v1', 'Deployment', deployment),
  StatefulSet: resource('apps/v1', 'StatefulSet', statefulSet),
  Job: resource('batch/v1', 'Job', job),
  ConfigMap: z.strictObject({ ...head('v1', 'ConfigMap'), data: strings }),
  Secret: z.strictObject({
    ...head('v1', 'Secret'),
    type: z.literal('Opaque').default('Opaque'),
    stringData: strings,
  }),
  PersistentVolumeClaim: resource('v1', 'PersistentVolumeClaim', claimSpec),
  PodDisruptionBudget: resource('policy/v1', 'PodDisruptionBudget', budget),
  HorizontalPodAutoscaler: resource('autoscaling/v2', 'HorizontalPodAutoscaler', autoscaler),
  NetworkPolicy: resource('networking.k8s.io/v1', 'NetworkPolicy', networkPolicy),
  ClusterRole: z.strictObject({ ...head(rbac, 'ClusterRole'), rules: z.array(rule) }),
  ClusterRoleBinding: z.strictObject({
    ...head(rbac, 'ClusterRoleBinding'),
    roleRef,
    subjects: z.array(subject).min(1),
  }),
};
