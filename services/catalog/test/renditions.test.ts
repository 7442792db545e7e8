import { expect } from 'chai';
import { systemClock } from '@faultline/chassis/clock';
import { consume } from '@faultline/chassis/consumer';
import { uuidv7 } from '@faultline/chassis/ids';
import { createMetrics } from '@faultline/chassis/metrics';
import { connectBlockingRedis } from '@faultline/chassis/redis';
import { eventually } from '@faultline/chassis/testing/eventually';
import { silentLog } from '@faultline/chassis/testing/log';
import { testRedisUrl } from '@faultline/chassis/testing/stores';
import { imageEvents } from '@faultline/contracts/images';
import { renditionHandlers } from '../src/renditions.ts';
import { type Catalog, startCatalog } from './catalog.ts';

const rendition = { width: 480, height: 480, media_type: 'image/webp', url: '/media/a.webp' };

describe('pictures of products', () => {
  let catalog: Catalog;
  let stop: () => Promise<void>;

  before(async () => {
    catalog = await startCatalog();
    const stopping = new AbortController();
    const blocking = connectBlockingRedis({ url: testRedisUrl(12), log: silentLog });
    const consuming = consume(
      {
        contract: imageEvents,
        group: 'catalog',
        consumer: 'catalog-test',
        handlers: renditionHandlers,
        redis: catalog.redis,
        blocking,
        postgres: catalog.db,
        clock: systemClock,
        log: silentLog,
        metrics: createMetrics().consumer,
      },
      stopping.signal,
    );
    stop = async () => {
      stopping.abort();
      blocking.disconnect();
      await consuming;
    };
  });
  after(async () => {
    await stop();
    await catalog.stop();
  });

  async function tell(type: string, data: Record<string, unknown>): Promise<void> {
    const event = {
      id: uuidv7(systemClock),
      type,
      version: 1,
      subject: String(data['image_id']),
      sequence: 1,
      time: new Date(systemClock.now()).toISOString(),
      data,
    };
    await catalog.redis.xadd(imageEvents.stream, '*', 'event', JSON.stringify(event));
  }

  it('appear in the order the product lists them, each once it is ready', async () => {
    const [first, second] = [uuidv7(systemClock), uuidv7(systemClock)];
    const { id } = await catalog.add({ image_ids: [second, first] });
    expect((await catalog.read(`/internal/v1/products/${id}`)).images).to.deep.equal([]);
    await tell('image.ready', { image_id: first, renditions: [rendition] });
    await tell('image.ready', { image_id: second, renditions: [rendition] });
    await eventually(async () => {
      const { images } = await catalog.read(`/internal/v1/products/${id}`);
      expect(images).to.deep.equal([
        { image_id: second, renditions: [rendition] },
        { image_id: first, renditions: [rendition] },
      ]);
    });
  });

  it('appear for products that name them later', async () => {
    const image = uuidv7(systemClock);
    await tell('image.ready', { image_id: image, renditions: [rendition] });
    await eventually(async () => {
      const { rowCount } = await catalog.db.pool.query(
        'SELECT FROM product_image_renditions WHERE image_id = $1',
        [image],
      );
      expect(rowCount).to.equal(1);
    });
    const { images } = await catalog.add({ image_ids: [image] });
    expect(images).to.deep.equal([{ image_id: image, renditions: [rendition] }]);
  });

  it('are absent when rejected', async () => {
    const [image, marker] = [uuidv7(systemClock), uuidv7(systemClock)];
    const { id } = await catalog.add({ image_ids: [image, marker] });
    await tell('image.ready', { image_id: image, renditions: [rendition] });
    await tell('image.rejected', { image_id: image, reason: 'corrupt' });
    await tell('image.ready', { image_id: marker, renditions: [rendition] });
    await eventually(async () => {
      const { images } = await catalog.read(`/internal/v1/products/${id}`);
      expect(images).to.deep.equal([{ image_id: marker, renditions: [rendition] }]);
    });
  });
});
