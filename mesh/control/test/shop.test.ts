import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apis, edgePages } from '@faultline/contracts/edge';
import { authorize } from '@faultline/mesh-core/authorize';
import { type Matchable, selectRule } from '@faultline/mesh-core/match';
import type { WireRouteMatch, WireRule, WireStringMatch } from '@faultline/mesh-core/snapshot';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { Compilation } from '../src/compile.ts';
import { routeStatuses } from '../src/compile/status.ts';
import { type Loaded, loadMeshManifests } from '../src/manifests/load.ts';
import { policyReport, routesReport } from '../src/report.ts';
import {
  identityOf,
  type MeshInstance,
  type MeshService,
  settingsDefault,
  type World,
} from '../src/world.ts';
import { instance } from './world.ts';

const root = join(import.meta.dirname, '../../..');

const serviceSchema = z.object({
  kind: z.literal('Service'),
  metadata: z.object({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    selector: z.record(z.string(), z.string()),
    ports: z.array(
      z.object({
        name: z.string(),
        port: z.number(),
        targetPort: z.string(),
        appProtocol: z.string(),
      }),
    ),
  }),
});

/** The Services that the shop's own manifests define. */
function readServices(): MeshService[] {
  return readdirSync(join(root, 'services')).flatMap((folder) => {
    const deploy = join(root, 'services', folder, 'deploy');
    return readdirSync(deploy)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => [...parseAllDocuments(readFileSync(join(deploy, file), 'utf8'))])
      .flatMap((document) => {
        const parsed = serviceSchema.safeParse(document.toJS());
        if (!parsed.success) return [];
        const { metadata, spec } = parsed.data;
        return {
          namespace: 'default',
          ...metadata,
          selector: spec.selector,
          hasClusterIp: true,
          ports: spec.ports.map((port) => ({ ...port, target: port.targetPort })),
        };
      });
  });
}

/** Whom each service calls: the neighbours that its configuration names. */
function readCalls(): Map<string, string[]> {
  const calls = new Map<string, string[]>();
  for (const name of readdirSync(join(root, 'services'))) {
    const text = readFileSync(join(root, 'services', name, 'src/config.ts'), 'utf8');
    const named = [...text.matchAll(/_URL: httpUrl\.prefault\('http:\/\/([a-z-]+)'\)/g)];
    calls.set(
      name,
      named.map(([, callee = '']) => callee),
    );
  }
  const published = Object.entries(apis).flatMap(([name, endpoints]) =>
    endpoints.some(({ path }) => path.startsWith('/api')) ? [name] : [],
  );
  const pages = edgePages.map(({ service }) => service);
  // The gateway's own product page asks for the stock.
  const behind = new Set<string>([...published, ...pages, 'inventory']);
  calls.set(
    'gateway',
    [...behind].filter((name) => name !== 'gateway'),
  );
  return calls;
}

function podOf(name: string): MeshInstance {
  return instance(name, {
    namespace: 'default',
    labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'faultline' },
    ports: [
      { name: 'http', containerPort: 8080, socket: { path: `/run/${name}.sock` } },
      { name: 'admin', containerPort: 9100, socket: { host: '127.0.0.1', port: 9100 } },
    ],
  });
}

describe('the shop’s mesh', () => {
  const calls = readCalls();
  const services = [...calls.keys()];
  let loaded: Loaded;
  let world: World;

  before(async () => {
    const dirs = ['routes', 'policy'].map((name) => join(root, 'mesh', name));
    loaded = await loadMeshManifests({ root, dirs });
    const instances = services.map(podOf);
    world = {
      manifests: loaded.manifests,
      services: readServices(),
      instances,
      ready: new Set(instances.map(({ name }) => name)),
      faults: [],
      settings: settingsDefault,
    };
  });

  const snapshotOf = (name: string) => new Compilation(world).snapshotFor(podOf(name));
  const serverOf = (name: string, port: number) =>
    snapshotOf(name).servers.find((server) => server.port === port);
  const accountOf = (name: string) => identityOf({ namespace: 'default', name }, settingsDefault);

  it('is described without a warning, and every route is accepted', () => {
    expect(loaded.warnings).to.deep.equal([]);
    expect(routesReport(world).warnings).to.deep.equal([]);
    expect(policyReport(world).warnings).to.deep.equal([]);
    const conditions = routeStatuses(world).flatMap(({ parents }) =>
      parents.flatMap((parent) => parent.conditions.map(({ status }) => status)),
    );
    expect(new Set(conditions)).to.deep.equal(new Set(['True']));
  });

  it('allows exactly the calls that services are configured to make', () => {
    for (const callee of services.filter((name) => name !== 'gateway')) {
      const { authorizations = [] } = serverOf(callee, 8080) ?? {};
      const allowed = services.filter((caller) => {
        const client = { address: '127.0.0.1', identity: accountOf(caller) };
        return authorize(authorizations, client).allowed;
      });
      const expected = services.filter((caller) => calls.get(caller)?.includes(callee));
      expect(allowed, `callers of ${callee}`).to.have.members(expected);
      const stranger = { address: '127.0.0.1', identity: undefined };
      expect(authorize(authorizations, stranger).allowed, callee).to.equal(false);
    }
  });

  it('lets everyone reach the gateway, and probes and metrics from inside the cluster only', () => {
    const stranger = { address: '198.51.100.7', identity: undefined };
    expect(authorize(serverOf('gateway', 8080)?.authorizations ?? [], stranger).allowed).to.equal(
      true,
    );
    for (const name of services) {
      const { authorizations = [] } = serverOf(name, 9100) ?? {};
      expect(authorize(authorizations, stranger).allowed, name).to.equal(false);
      const node = { ...stranger, address: '127.0.0.1' };
      expect(authorize(authorizations, node).allowed, name).to.equal(true);
    }
  });

  it('breaks the circuit to every service that is called', () => {
    const broken = snapshotOf('gateway').services.filter(({ accrual }) => accrual);
    const called = new Set([...calls.values()].flat());
    called.delete('payment-provider');
    expect(broken.map(({ name }) => name)).to.have.members([...called]);
  });

  describe('routes', () => {
    const endpoints = Object.entries(apis).flatMap(([service, list]) =>
      list.map((endpoint) => ({ service, ...endpoint })),
    );
    /**
     * What is sent again only when it never reached an instance: twice would be two of them, or would
     * meet the version that the first has left. Pictures and pages of the back office come with it.
     */
    const sentOnce = new Set([
      ...['catalogCreateProduct', 'catalogUpdateProduct', 'catalogArchiveProduct'],
      ...['inventorySetStock', 'createAccount', 'addAddress', 'uploadImage', 'getImage'],
    ]);
    /** They are slow, or ask others who try again themselves: only a dead instance is replaced. */
    const impatient = new Set(['orders', 'profiles', 'storefront']);

    const ruleFor = (
      service: string,
      request: { method: string; path: string; headers?: Record<string, string> },
    ): Pick<WireRule, 'timeouts' | 'retry'> => {
      const port = snapshotOf('gateway').services.find(({ name }) => name === service);
      // Without a route, calls travel as the Service itself says.
      if (port?.routes.length === 0) return port;
      const found = selectRule((port?.routes ?? []).map(compile), {
        ...request,
        query: '',
        authority: service,
        header: (name) => request.headers?.[name],
      });
      if (!found) throw new Error(`404: ${request.method} ${service}${request.path}`);
      return found.rule;
    };

    for (const { service, id, method, path } of endpoints) {
      if (service === 'gateway') continue;
      it(`${service} ${id}: is matched, and tried again only where that is safe`, () => {
        const headers = { 'idempotency-key': 'k' };
        const request = { method, path: path.replaceAll(/:\w+/g, 'x-1'), headers };
        const { retry } = ruleFor(service, request);
        const isOnce = service === 'admin' || sentOnce.has(id);
        const statuses = isOnce ? [] : [[502, impatient.has(service) ? 502 : 504]];
        expect(retry?.statuses).to.deep.equal(statuses);
      });
    }

    it('sets no limit to whole streams, uploads and pictures, but to everything else', () => {
      const endless = [
        ['orders', 'GET', '/api/v1/orders/x-1/events'],
        ['storefront', 'GET', '/orders/x-1/events'],
        ['images', 'POST', '/api/v1/images'],
        ['images', 'GET', '/media/abc.webp'],
      ] as const;
      for (const [service, method, path] of endless) {
        const { timeouts } = ruleFor(service, { method, path });
        expect(timeouts, path).to.have.keys('idleMs');
      }
      const named = new Set(['watchOrder', 'uploadImage', 'getImage']);
      for (const { service, id, method, path } of endpoints) {
        if (service === 'gateway' || named.has(id)) continue;
        const { timeouts } = ruleFor(service, { method, path });
        expect(timeouts.requestMs, id).to.be.within(1_000, 20_000);
      }
    });
  });
});

function compile(route: {
  hostnames: readonly string[];
  rules: readonly WireRule[];
}): Matchable<WireRule> {
  return {
    hostnames: route.hostnames,
    rules: route.rules.map((rule) => ({ matches: rule.matches.map(compileMatch), rule })),
  };
}

function compileMatch({ path, headers, query: _, ...rest }: WireRouteMatch) {
  return {
    ...rest,
    ...(path && {
      path:
        path.type === 'RegularExpression'
          ? { type: path.type, value: new RegExp(path.value, 'u') }
          : { type: path.type, value: path.value },
    }),
    ...(headers && {
      headers: headers.map(({ name, match }) => ({ name, match: compileString(match) })),
    }),
  };
}

function compileString({ type, value }: WireStringMatch) {
  return type === 'Exact' ? { type, value } : { type, value: new RegExp(value, 'u') };
}
