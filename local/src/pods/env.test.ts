import { expect } from 'chai';
import type { Deployment } from '../manifests/model.ts';
import { relocate, resolveEnv } from './env.ts';

const deployment: Deployment = {
  name: 'orders',
  service: 'orders',
  namespace: 'shop',
  folder: 'orders',
  version: '1.0.0',
  tree: undefined,
  replicas: 1,
  selector: {},
  strategy: {
    kind: 'rolling',
    maxSurge: 1,
    maxUnavailable: 0,
    minReadyMs: 0,
    progressDeadlineMs: 600_000,
  },
  podLabels: { 'app.kubernetes.io/version': '1.0.0' },
  podAnnotations: {},
  templateHash: 'abcde',
  meshed: true,
  serviceAccount: 'orders',
  command: ['node'],
  env: [],
  envFrom: [],
  ports: [],
  probes: {},
  gracePeriodMs: 1000,
  preStopMs: 0,
  memoryLimitMiB: undefined,
  cpuRequest: undefined,
  mounts: [],
};

function resolve(changes: Partial<Deployment>): Record<string, string> {
  return resolveEnv({
    deployment: { ...deployment, ...changes },
    pod: { name: 'orders-abcde-x1', ip: '127.0.0.1' },
    configMaps: new Map([['settings', { LEVEL: 'info', SEED: 'demo' }]]),
    secret: (name, key) => (name === 'db' && key === 'url' ? 'postgresql://…' : undefined),
  });
}

describe('environment of a container', () => {
  it('takes whole ConfigMaps, which single variables override', () => {
    const env = resolve({
      envFrom: [{ configMapRef: { name: 'settings' } }],
      env: [{ name: 'LEVEL', value: 'debug' }],
    });
    expect(env).to.deep.equal({ LEVEL: 'debug', SEED: 'demo' });
  });

  it('puts the prefix before a ConfigMap’s keys', () => {
    const env = resolve({ envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'X_' }] });
    expect(env).to.deep.equal({ X_LEVEL: 'info', X_SEED: 'demo' });
  });

  it('reads ConfigMap keys, Secret keys and the pod’s own fields', () => {
    const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
    const env = resolve({
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'SEED' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } },
        { name: 'POD', ...field('metadata.name') },
        { name: 'NAMESPACE', ...field('metadata.namespace') },
        { name: 'VERSION', ...field("metadata.labels['app.kubernetes.io/version']") },
        { name: 'IP', ...field('status.podIP') },
      ],
    });
    expect(env).to.deep.equal({
      A: 'demo',
      B: 'postgresql://…',
      POD: 'orders-abcde-x1',
      NAMESPACE: 'shop',
      VERSION: '1.0.0',
      IP: '127.0.0.1',
    });
  });

  it('leaves out an optional value that is missing and refuses to start without another', () => {
    const missing = (optional: boolean) => ({
      env: [{ name: 'SMTP', valueFrom: { secretKeyRef: { name: 'x', key: 'url', optional } } }],
    });
    expect(resolve(missing(true))).to.deep.equal({});
    expect(() => resolve(missing(false))).to.throw('no value for SMTP from Secret x/url');
  });

  it('expands variables defined before, keeps unknown ones and unescapes $$', () => {
    const env = resolve({
      env: [
        { name: 'HOST', value: 'db' },
        { name: 'URL', value: 'http://$(HOST)/$(LATER)/$$(HOST)' },
        { name: 'LATER', value: 'x' },
      ],
    });
    expect(env['URL']).to.equal('http://db/$(LATER)/$(HOST)');
  });

  it('replaces mount paths, whole or as a prefix of a path, and nothing else', () => {
    const env = { A: '/data', B: '/data/x', C: '/database', D: 'at /data' };
    const moved = relocate(env, new Map([['/data', '/tmp/volume']]));
    expect(moved).to.deep.equal({
      A: '/tmp/volume',
      B: '/tmp/volume/x',
      C: '/database',
      D: 'at /data',
    });
  });
});
