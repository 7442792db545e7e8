import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { type Manifest, route, rule } from './harness/manifests.ts';
import { World } from './harness/world.ts';

type Network = { cidr: string; except?: string[] };

function network(
  trafficPolicy: 'Allow' | 'Deny',
  options: { name?: string; namespace?: string; networks?: Network[] } = {},
): Manifest {
  const { name = 'outside', namespace = 'a', networks } = options;
  return {
    apiVersion: 'policy.linkerd.io/v1alpha1',
    kind: 'EgressNetwork',
    metadata: { name, namespace },
    spec: { trafficPolicy, ...(networks && { networks }) },
  };
}

describe('conformance: what leaves the mesh', () => {
  let world: World;
  let outside: Server;
  let port: number;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    outside = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('outside');
    });
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const address = outside.address();
    port = typeof address === 'object' && address ? address.port : 0;
    // Loopback is no part of this cluster.
    world = await World.start({ settings: { clusterNetworks: ['10.0.0.0/8'] } });
  });
  afterEach(async () => {
    await world.stop();
    outside.closeAllConnections();
    outside.close();
  });

  const ask = (host = '127.0.0.1', path = '/') =>
    world.mesh.send(world.client, `http://${host}:${port}${path}`);
  const parentOf = (name = 'outside') => ({
    group: 'policy.linkerd.io',
    kind: 'EgressNetwork',
    name,
    port,
  });

  it('64 without an EgressNetwork everything passes', async () => {
    expect((await ask()).body).to.equal('outside');
  });

  it('64 Deny: 403 for HTTP, and a tunnel that is closed', async () => {
    await world.apply(network('Deny'));
    const reply = await ask();
    expect(reply.status).to.equal(403);
    expect(reply.headers['l5d-proxy-error']).to.contain('traffic not allowed');
    const tunnel = await world.mesh.sendRaw(
      world.client,
      `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n`,
    );
    expect(tunnel).to.not.contain('outside');
    expect(asked).to.deep.equal([]);
    expect((await world.get()).status, 'Services are inside').to.equal(200);
  });

  it('64 a route lets through what it matches, on its port', async () => {
    const allowed = route({ parent: parentOf(), hostnames: ['localhost'], rules: [rule('/open')] });
    await world.apply(network('Deny'), allowed);
    expect(world.mesh.statusOf('r')['Accepted']?.status).to.equal('True');
    expect((await ask('localhost', '/open/x')).body).to.equal('outside');
    expect((await ask('localhost', '/other')).status).to.equal(403);
    expect((await ask('127.0.0.1', '/open')).status).to.equal(403);
    const elsewhere = route({ parent: { ...parentOf(), port: port + 1 }, rules: [rule('/')] });
    await world.apply(network('Deny'), elsewhere);
    expect((await ask()).status).to.equal(403);
  });

  it('64 the narrowest network decides, the client’s own namespace before that of everybody', async () => {
    const loopback = [{ cidr: '127.0.0.0/8' }];
    await world.apply(network('Deny'), network('Allow', { name: 'narrow', networks: loopback }));
    expect((await ask()).body).to.equal('outside');
    const everybody = { namespace: 'linkerd-egress', name: 'all' };
    await world.apply(network('Deny', everybody));
    expect((await ask()).status).to.equal(403);
    const nearer = network('Deny', { ...everybody, networks: [{ cidr: '127.0.0.1/32' }] });
    await world.apply(network('Allow'), nearer);
    expect((await ask()).body).to.equal('outside');
    await world.apply(network('Deny', { namespace: 'c' }));
    expect((await ask()).body, 'of another namespace').to.equal('outside');
  });
});
