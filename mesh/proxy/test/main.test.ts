import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ask } from './support/http.ts';
import { TestMesh } from './support/mesh.ts';
import { until } from './support/poll.ts';
import { service, snapshot } from './support/snapshots.ts';

describe('the proxy as a process', () => {
  let mesh: TestMesh;
  let child: ChildProcess | undefined;

  beforeEach(async () => (mesh = await TestMesh.start()));
  afterEach(async () => {
    if (child && child.exitCode === null) child.kill('SIGKILL');
    await mesh.stop();
  });

  function start(control: string): { outbound: string; admin: string; process: ChildProcess } {
    const [outbound, admin] = [mesh.path('out'), mesh.path('admin')];
    const process = spawn(
      globalThis.process.execPath,
      [join(import.meta.dirname, '../src/main.ts')],
      {
        stdio: 'ignore',
        env: {
          PROXY_INSTANCE: 'spawned',
          PROXY_NAMESPACE: 'a',
          PROXY_SERVICE_ACCOUNT: 'spawned',
          PROXY_TOKEN: 'token',
          PROXY_CONTROL_SOCKET: control,
          PROXY_OUTBOUND_LISTEN: outbound,
          PROXY_ADMIN_LISTEN: admin,
          PROXY_SHUTDOWN_GRACE_MS: '1000',
        },
      },
    );
    child = process;
    return { outbound, admin, process };
  }

  const statusOf = (path: string, url: string): Promise<number> =>
    ask({ path }, url).then(
      ({ status }) => status,
      () => 0,
    );

  it('serves what the control plane says and ends well on SIGTERM', async () => {
    const server = await mesh.server('b', (_request, response) => response.end());
    const endpoints = { 'a/b:80': [server.endpoint] };
    mesh.plane.set('spawned', snapshot({ services: [service()], endpoints }));
    const { outbound, admin, process } = start(mesh.plane.path);
    await until(async () => (await statusOf(admin, '/ready')) === 200);
    expect(await statusOf(outbound, 'http://b/')).to.equal(200);
    process.kill('SIGTERM');
    expect(await once(process, 'exit')).to.deep.equal([0, null]);
  });

  it('is alive but not ready without a control plane, and ends on SIGTERM all the same', async () => {
    const { admin, process } = start(mesh.path('nobody'));
    await until(async () => (await statusOf(admin, '/live')) === 200);
    expect(await statusOf(admin, '/ready')).to.equal(503);
    process.kill('SIGTERM');
    expect(await once(process, 'exit')).to.deep.equal([0, null]);
  });
});
