import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { payload } from '@faultline/load/hook/payload';
import { expect } from 'chai';
import { parse, parseDocument } from 'yaml';
import { rolloutCommands } from '../../tilt/cluster/rollouts.ts';
import { root } from '../../tools/config.ts';
import { applyJsonPatch } from './support/json-patch.ts';
import { check } from './support/environments.ts';
import { parseManifests } from './support/kustomize.ts';
import { type Manifest, nameOf } from './support/manifest.ts';
import { renderEnvironment } from './support/overlays.ts';
import { readResources } from './support/resources.ts';
import { tilt } from './support/tilt/project.ts';

type Patch = [what: string, patch: string, expected: RegExp];

/** What is broken on purpose, and what has to be said about it. */
const broken: Patch[] = [
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/analysis/webhooks/1/url, value: "http://load-generator.shop:8080/load" }`,
    /webhook load: there is no Service load-generator.shop with the port 8080/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/analysis/webhooks/0/url, value: "http://load-generator/load" }`,
    /webhook load-before: load-generator names no namespace/,
  ],
  [
    'Canary shop/orders',
    `{ op: replace, path: /spec/analysis/webhooks/0/url, value: "http://orders.shop/load" }`,
    /orders does not let Flagger in/,
  ],
  [
    'MeshTLSAuthentication shop/load-generator-callers',
    `{ op: replace, path: /spec/identityRefs/0/namespace, value: flagger }`,
    /no ServiceAccount flagger/,
  ],
  [
    'NetworkPolicy shop/load-generator',
    `{ op: replace, path: /spec/ingress/0/from/0/namespaceSelector/matchLabels, value: { kubernetes.io/metadata.name: keda } }`,
    /disagree on keda, flagger-system/,
  ],
];

describe('the load generator of a cluster', function () {
  this.timeout(60_000);
  let dev: Manifest[] = [];

  before(() => {
    dev = renderEnvironment('dev');
  });

  it('is called before a version gets its first share, and for as long as it is judged', () => {
    const canaries = readResources(dev).resources.Canary;
    expect(canaries).not.to.be.empty;
    for (const { metadata, spec } of canaries) {
      const hooks = spec.analysis?.webhooks ?? [];
      const types = spec.skipAnalysis ? [] : ['pre-rollout', 'rollout', 'rollback', 'event'];
      expect(
        hooks.map(({ type }) => type),
        metadata.name,
      ).to.deep.equal(types);
      for (const hook of hooks.filter(({ type }) => /rollout/.test(type))) {
        const body = { ...metadata, phase: 'Progressing', checksum: 'x', metadata: hook.metadata };
        const asked = payload.parse(body).metadata;
        // Flagger looks again while the load of its last look still goes on.
        const intervalMs = Number.parseInt(spec.analysis?.interval ?? '', 10) * 1_000;
        expect(asked.duration).to.be.greaterThan(2 * intervalMs);
        expect(new URL(hook.url).pathname).to.equal('/load');
      }
    }
  });

  it('is asked whether to take a version back by each Canary that has a button for it', () => {
    const { Canary } = readResources(dev).resources;
    const hooks = Canary.flatMap(({ metadata, spec }) =>
      (spec.analysis?.webhooks ?? []).map((hook) => ({ canary: metadata.name, ...hook })),
    ).filter(({ type }) => type === 'rollback');
    for (const { url } of hooks) expect(url).to.equal('http://load-generator.shop/rollback');
    const buttons = tilt({ canary: true }).buttons.filter(({ text }) => text === 'Abort');
    expect(buttons.map(({ resource }) => resource)).to.deep.equal(
      hooks.map(({ canary }) => `${canary}-canary`),
    );
    expect(hooks).to.have.length(Canary.length - 1);
  });

  it('opens that for the canary whose button was pressed, by a program that its image has', () => {
    const commands = rolloutCommands(['kubectl'], 'abort', 'orders');
    const [open = [], goOn = []] = commands.map((words): string[] => [...words]);
    const { Deployment } = readResources(dev).resources;
    const found = Deployment.find(({ metadata }) => open.includes(`deployment/${metadata.name}`));
    const [container] = found?.spec.template.spec.containers ?? [];
    expect(open).to.include(container?.name);
    const [program = '', script = '', ...args] = open.slice(open.indexOf('--') + 1);
    expect([program, args]).to.deep.equal([container?.command?.[0], ['orders', 'shop']]);
    expect(existsSync(join(root, 'bench/load', script))).to.equal(true);
    // Flagger asks nobody about a Canary that is suspended.
    expect(goOn).to.include('{"spec":{"suspend":false}}');
  });

  it('is no part of production, where people come', () => {
    const prod = renderEnvironment('prod');
    expect(prod.map(nameOf).filter((name) => name.includes('load-generator'))).to.deep.equal([]);
    for (const { spec } of readResources(prod).resources.Canary) {
      expect(spec.analysis?.webhooks ?? []).to.deep.equal([]);
    }
  });

  it('calls the gateway under a name by which that one knows itself', () => {
    const { Deployment, ConfigMap, Service } = readResources(dev).resources;
    const [container] =
      Deployment.find(({ metadata }) => metadata.name === 'load-generator')?.spec.template.spec
        .containers ?? [];
    const target = new URL(container?.env.find(({ name }) => name === 'LOAD_TARGET')?.value ?? '')
      .hostname;
    expect(Service.map(({ metadata }) => metadata.name)).to.include(target);
    const settings = ConfigMap.find(({ metadata }) => metadata.name === 'shop-settings');
    expect(settings?.data['ALLOWED_HOSTS']?.split(',')).to.include.members([target, 'localhost']);
  });

  it('runs what its Dockerfile runs, from the bases of all images', () => {
    const text = readFileSync(join(root, 'deploy/load/load-generator.Dockerfile'), 'utf8');
    const orders = readFileSync(join(root, 'services/orders/Dockerfile'), 'utf8');
    expect(text.match(/^ARG .*/gm)).to.deep.equal(orders.match(/^ARG .*/gm));
    const manifest = dev.find((one) => nameOf(one) === 'Deployment shop/load-generator');
    const [container] = readResources(manifest ? [manifest] : []).resources.Deployment.flatMap(
      ({ spec }) => spec.template.spec.containers,
    );
    expect(container?.command).to.deep.equal(parse(/^CMD (.*)$/m.exec(text)?.[1] ?? ''));
    expect(text).to.include('USER 1000\nWORKDIR /app/bench/load\n');
  });

  for (const [what, patch, expected] of broken) {
    it(`is refused when ${what} is broken by ${patch}`, () => {
      const changed = dev.map((one) => {
        if (nameOf(one) !== what) return one;
        const text = JSON.stringify(applyJsonPatch(one, [parseDocument(patch).toJS()]));
        return parseManifests(text, what)[0] ?? one;
      });
      const messages = check('dev', changed).map(({ message }) => message);
      expect(
        messages.filter((text) => expected.test(text)),
        messages.join('\n'),
      ).not.to.be.empty;
    });
  }
});
