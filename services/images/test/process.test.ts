import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectRedis, disconnectRedis } from '@faultline/chassis/redis';
import { asPrincipal } from '@faultline/chassis/testing/app';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { type ServiceProcess, startProcess } from '@faultline/chassis/testing/process';
import { createTestDatabase, type TestDatabase } from '@faultline/chassis/testing/stores';
import { expect } from 'chai';
import { MIGRATIONS, owner, redisUrl } from './images.ts';
import { picture } from './pictures.ts';

const dir = fileURLToPath(new URL('..', import.meta.url));

describe('the images process', () => {
  let db: TestDatabase;
  const running: ServiceProcess[] = [];

  beforeEach(async () => {
    db = await createTestDatabase(MIGRATIONS);
    const redis = connectRedis({ url: redisUrl(), log: silentLog });
    await eventually(() => redis.flushdb());
    await disconnectRedis(redis);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.stop('SIGKILL')));
    await db.drop();
  });

  async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = await startProcess({
      dir,
      env: {
        SERVICE_NAME: 'images',
        POD_NAME: 'images-0',
        DATABASE_URL: db.url,
        REDIS_URL: redisUrl(),
        ...env,
      },
    });
    running.push(service);
    return service;
  }

  async function upload(service: ServiceProcess): Promise<string> {
    const response = await fetch(`${service.http}/api/v1/images`, {
      method: 'POST',
      headers: { ...asPrincipal(owner), 'content-type': 'image/png' },
      body: await picture(),
    });
    const body: { id: string } = JSON.parse(await response.text());
    return body.id;
  }

  async function ready(id: string): Promise<void> {
    await eventually(async () => {
      const { rows } = await db.pool.query('SELECT status FROM images WHERE id = $1', [id]);
      expect(rows[0]?.status).to.equal('ready');
    }, 15_000);
    const { rows } = await db.pool.query(
      `SELECT count(*)::int AS told FROM outbox WHERE event ->> 'type' = 'image.ready'`,
    );
    expect(rows[0].told, 'told once').to.equal(1);
  }

  for (const point of ['processing', 'before-ready', 'after-ready', 'before-ack']) {
    it(`killed at images.${point}, finishes the picture once when it is back`, async () => {
      const doomed = await start({ CRASH_POINTS: `images.${point}` });
      const id = await upload(doomed);
      expect((await doomed.ended).signal).to.equal('SIGKILL');
      await start();
      await ready(id);
    });
  }

  it('killed in the middle of a job, has it finished by another instance', async () => {
    const doomed = await start({ CRASH_POINTS: 'images.before-ready' });
    const id = await upload(doomed);
    await doomed.ended;
    await start({ POD_NAME: 'images-1', IMAGE_CLAIM_AFTER_MS: '300' });
    await ready(id);
  });

  it('tells what its autoscaler asks for', async () => {
    const manifest = await readFile(join(dir, 'deploy/prod/autoscaler.yaml'), 'utf8');
    const [, metric, kind] = /query: max\((\w+)\{.*(kind="\w+")\}\)/.exec(manifest) ?? [];
    const service = await start();
    await eventually(async () => {
      const metrics = await fetch(`${service.admin}/metrics`).then((reply) => reply.text());
      expect(metrics).to.include(`\n${metric}{${kind}} 0\n`);
    });
  });

  it('stops cleanly, also with its decoder running', async () => {
    const service = await start();
    await ready(await upload(service));
    expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
