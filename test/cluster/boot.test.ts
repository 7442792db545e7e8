import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { skip } from '../../tools/skip.ts';
import { packagesOf, Tree } from '../support/standalone.ts';
import { prune } from './support/dockerfile.ts';

/** The user of the images. */
const user = { uid: 1000, gid: 1000 };

describe('an image’s files', function () {
  this.timeout(180_000);

  it('are enough for a service to start and stop as somebody who may write nowhere', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can start a process as another user');
    if (spawnSync(process.execPath, ['--version'], user).status !== 0) {
      skip(this, 'the checkout is in a folder that other users cannot reach');
    }
    await using tree = await Tree.install('admin');
    // What the tests of services alone build their trees by.
    expect(await tree.installed()).to.have.members(await packagesOf('admin'));
    prune('admin', tree.dir);
    await makeReadOnly(tree.dir);
    const args = ['--import', '@faultline/telemetry/start', 'src/main.ts'];
    const service = spawn(process.execPath, args, {
      ...user,
      cwd: join(tree.dir, 'services/admin'),
      env: {
        NODE_ENV: 'production',
        SERVICE_NAME: 'admin',
        LISTEN_HTTP: '127.0.0.1:0',
        LISTEN_ADMIN: '127.0.0.1:0',
        HOME: '/nonexistent',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(service, 'exit');
    try {
      for await (const line of createInterface({ input: service.stdout })) {
        if (line.includes('"msg":"started"')) break;
      }
      expect(service.exitCode).to.equal(null);
    } finally {
      service.kill('SIGTERM');
    }
    expect(await ended).to.deep.equal([0, null]);
  });
});

/** As layers of an image are for a process that is not root, below a read-only root. */
async function makeReadOnly(dir: string): Promise<void> {
  for (const path of globSync('**', { cwd: dir, withFileTypes: true })) {
    if (path.isSymbolicLink()) continue;
    await chmod(join(path.parentPath, path.name), path.isDirectory() ? 0o555 : 0o444);
  }
  await chmod(dir, 0o555);
}
