import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { ManifestError } from '@faultline/mesh-control/manifests/problem';
import { TempDir } from '../../test/temp-dir.ts';
import { loadManifests } from './load.ts';
import { applyOverrides } from './overrides.ts';

const fixture = `${import.meta.dirname}/../../test/fixtures/shop`;
const echo = 'services/echo/deploy/echo.yaml';

/** The report on the fixture with its manifest of echo changed. */
async function reportOn(edit: (yaml: string) => string): Promise<string[]> {
  using dir = new TempDir();
  cpSync(fixture, dir.path, { recursive: true });
  writeFileSync(dir.join(echo), edit(readFileSync(dir.join(echo), 'utf8')));
  try {
    await loadManifests(dir.path);
    return [];
  } catch (error) {
    expect(error).to.be.instanceOf(ManifestError);
    return String(error)
      .replace(/^ManifestError: /, '')
      .split('\n');
  }
}

/** A change of the fixture and what has to be reported about it. */
const wrong: [string, (yaml: string) => string, RegExp][] = [
  [
    'a field that is not supported',
    (yaml) => yaml.replace('      serviceAccountName: echo', '      hostNetwork: true'),
    /^services\/echo\/deploy\/echo\.yaml:\d+:7 spec\.template\.spec\.hostNetwork: not supported by/,
  ],
  [
    'a kind that is not supported',
    (yaml) => `${yaml}---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: x }\n`,
    /:\d+:1 kind: 'Job' is not supported by the local engine; expected one of Deployment,/,
  ],
  [
    'a wrong type',
    (yaml) => yaml.replace('replicas: 2', 'replicas: two'),
    /:\d+:3 spec\.replicas: Invalid input: expected number/,
  ],
  [
    'a number where the environment needs a string',
    (yaml) => yaml.replace('value: /var/lib/echo/data', 'value: 70000'),
    /env\[7\]\.value: expected a string; quote numbers/,
  ],
  [
    'a port beyond 65535',
    (yaml) => yaml.replace('containerPort: 9100', 'containerPort: 70000'),
    /ports\[1\]\.containerPort: Too big/,
  ],
  [
    'an image of nothing here',
    (yaml) => yaml.replace('faultline/echo:1.2.3', 'faultline/nobody:1.2.3'),
    /containers\[0\]\.image: there is no folder services\/nobody/,
  ],
  [
    'a ConfigMap that does not exist',
    (yaml) => yaml.replace('configMapRef: { name: echo-config }', 'configMapRef: { name: lost }'),
    /envFrom\[0\]\.configMapRef\.name: there is no ConfigMap 'lost'/,
  ],
  [
    'a Secret that nobody makes',
    (yaml) => yaml.replace('echo-database, key: url', 'echo-token, key: value'),
    /env\[2\]\.valueFrom: there is no Secret 'echo-token' with key 'value'; expected a manifest/,
  ],
  [
    'a mail server that is not optional',
    (yaml) => yaml.replace(', optional: true', ''),
    /Secret 'echo-smtp' is not made up locally: mark it optional/,
  ],
  [
    'a ServiceAccount that does not exist',
    (yaml) => yaml.replace('serviceAccountName: echo', 'serviceAccountName: ghost'),
    /serviceAccountName: there is no ServiceAccount 'ghost'/,
  ],
  [
    'a probe on a port that is not there',
    (yaml) => yaml.replace('path: /readyz, port: admin', 'path: /readyz, port: metrics'),
    /readinessProbe\.httpGet\.port: the container has no port 'metrics'; it has: http, admin/,
  ],
  [
    'a Service that selects nothing',
    (yaml) => yaml.replace('selector: { app: echo }', 'selector: { app: nobody }'),
    /:\d+:3 spec\.selector: no Deployment’s pods match/,
  ],
  [
    'a Service’s target port that is not there',
    (yaml) => yaml.replace('targetPort: http', 'targetPort: grpc'),
    /spec\.ports\[0\]\.targetPort: the pods have no port 'grpc'/,
  ],
  [
    'a volume that does not exist',
    (yaml) => yaml.replace('volumeMounts: [{ name: data,', 'volumeMounts: [{ name: other,'),
    /volumeMounts\[0\]\.name: there is no volume 'other'/,
  ],
  [
    'a field of the pod that nobody provides',
    (yaml) => yaml.replace('fieldPath: metadata.name ', 'fieldPath: spec.nodeName '),
    /fieldRef\.fieldPath: expected one of metadata\.name/,
  ],
  [
    'the same name twice',
    (yaml) => `${yaml}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: echo }\n`,
    /metadata\.name: 'echo' is also in services\/echo/,
  ],
  [
    'broken YAML',
    (yaml) => yaml.replace('spec:', 'spec: ]'),
    /^services\/echo\/deploy\/echo\.yaml:\d+:\d+ /,
  ],
];

describe('manifests', () => {
  it('of the example are read into what the engine runs', async () => {
    const { deployments, services, configMaps } = await loadManifests(fixture);
    const found = deployments.find(({ name }) => name === 'echo');
    expect(found).to.include({ folder: 'echo', version: '1.2.3', replicas: 2, meshed: true });
    expect(found).to.include({ gracePeriodMs: 10_000, memoryLimitMiB: 128 });
    expect(found?.probes.startup).to.include({
      path: '/livez',
      periodMs: 1000,
      failureThreshold: 30,
    });
    expect(services.find(({ name }) => name === 'front')).to.deep.include({
      localPort: 18_080,
      links: { Shop: '/', Docs: '/docs' },
    });
    expect(configMaps.get('echo-config')).to.deep.equal({ GREETING: 'hello' });
  });

  for (const [name, edit, expected] of wrong) {
    it(`are refused with file, line and field for ${name}`, async () => {
      expect((await reportOn(edit)).join('\n')).to.match(expected);
    });
  }

  it('are reported with all that is wrong at once', async () => {
    const report = await reportOn((yaml) =>
      yaml.replace('replicas: 2', 'replicas: -1').replace('targetPort: http', 'nodePort: 30000'),
    );
    expect(report).to.have.length(2);
    expect(report.join('\n')).to.include('spec.replicas').and.include('spec.ports[0].nodePort');
  });

  it('may use fields that mean nothing on one machine', async () => {
    const report = await reportOn((yaml) =>
      yaml.replace(
        '      securityContext:',
        '      topologySpreadConstraints: [{ maxSkew: 1 }]\n      securityContext:',
      ),
    );
    expect(report).to.deep.equal([]);
  });
});

describe('--set', () => {
  const maps = new Map([
    ['a', { KEY: '1' }],
    ['a.b', { KEY: '2', OTHER: '3' }],
  ]);

  it('changes one key of one ConfigMap; the value may contain anything', () => {
    const changed = applyOverrides(maps, ['a.KEY=x=y.z']);
    expect(changed.get('a')).to.deep.equal({ KEY: 'x=y.z' });
    expect(changed.get('a.b')).to.deep.equal({ KEY: '2', OTHER: '3' });
    expect(maps.get('a')).to.deep.equal({ KEY: '1' });
  });

  it('refuses what does not exist and says what does', () => {
    expect(() => applyOverrides(maps, ['c.KEY=1'])).to.throw('one of the ConfigMaps: a, a.b');
    expect(() => applyOverrides(maps, ['a.NO=1'])).to.throw("no 'NO'; it has: KEY");
    expect(() => applyOverrides(maps, ['a.KEY'])).to.throw('expected CONFIGMAP.KEY=VALUE');
  });

  it('finds ConfigMaps whose names contain dots', () => {
    expect(applyOverrides(maps, ['a.b.OTHER=x']).get('a.b')).to.include({ OTHER: 'x' });
  });
});
