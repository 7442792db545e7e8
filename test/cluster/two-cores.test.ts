import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { root } from '../../tools/config.ts';
import type { Manifest } from './support/manifest.ts';
import { renderEnvironment } from './support/overlays.ts';

/** Thousandths of a core. */
const NODE = 2_000;
/** What kind's own pods ask for: API server, etcd, controller manager, scheduler, two of CoreDNS, network. */
const KIND = 950;
/** Linkerd's three and Flagger's one, which asks for 10 itself: what the charts' pods ask for beside their sidecars. */
const PLATFORM_PODS = 4;
const FLAGGER = 10;

type Workload = Manifest & {
  spec: {
    replicas?: number;
    template: { spec: { containers: { resources: { requests: { cpu: string } } }[] } };
  };
};

describe('a node of two cores', () => {
  it('has room for all that `tilt up -- --canary` starts with kind, and for a version on trial', () => {
    const all = renderEnvironment('dev');
    const pods = all.filter(isWorkload).map(requestOf);
    const sum = pods.reduce((total, one) => total + one, 0);
    const platform = PLATFORM_PODS * sidecarRequest() + FLAGGER;
    expect(pods).to.have.length.above(15);
    expect(KIND + platform + sum + Math.max(...pods)).to.be.at.most(NODE);
  });
});

function isWorkload(manifest: Manifest): manifest is Workload {
  return manifest.kind === 'Deployment' || manifest.kind === 'StatefulSet';
}

function requestOf({ spec }: Workload): number {
  const own = spec.template.spec.containers.map(({ resources }) => milli(resources.requests.cpu));
  const one = own.reduce((total, cpu) => total + cpu, sidecarRequest());
  return one * (spec.replicas ?? 1);
}

function sidecarRequest(): number {
  const text = readFileSync(join(root, 'mesh/linkerd/control-plane.yaml'), 'utf8');
  const values = parse(text) as { proxy: { resources: { cpu: { request: string } } } };
  return milli(values.proxy.resources.cpu.request);
}

function milli(cpu: string): number {
  return cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1_000;
}
