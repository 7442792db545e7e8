import type { EventHandler } from '@faultline/chassis/consumer';
import { imageEvents } from '@faultline/contracts/images';

const { 'image.ready': ready, 'image.rejected': rejected } = imageEvents.types;

/** Keeps what the images service tells of its pictures, whether a product shows them yet or not. */
export const renditionHandlers: Readonly<Record<keyof typeof imageEvents.types, EventHandler>> = {
  async 'image.ready'(event, tx) {
    const { image_id, renditions } = ready.data.parse(event.data);
    await tx.query(
      `INSERT INTO product_image_renditions (image_id, renditions) VALUES ($1, $2)
       ON CONFLICT (image_id) DO UPDATE
       SET renditions = excluded.renditions, updated_at = now()`,
      [image_id, JSON.stringify(renditions)],
    );
  },
  async 'image.rejected'(event, tx) {
    const { image_id } = rejected.data.parse(event.data);
    await tx.query('DELETE FROM product_image_renditions WHERE image_id = $1', [image_id]);
  },
};
