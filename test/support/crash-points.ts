import { crashPoints as orders } from '../../services/orders/src/saga/crash-points.ts';

const consumer = ['consumer.before-commit', 'consumer.before-ack', 'consumer.after-ack'];
const relay = ['relay.before-publish', 'relay.after-publish'];

/**
 * Every point at which a service can be told to die. Those of relay and consumer are the same code
 * in each service; here they are with services that have something to relay and to consume.
 */
export const crashPoints: Readonly<Record<string, readonly string[]>> = {
  orders: [...orders, ...relay],
  payments: [
    ...combine('payments', {
      of: ['authorize', 'capture', 'void', 'refund'],
      at: ['before-provider', 'after-provider', 'after-commit'],
    }),
    ...relay,
  ],
  inventory: combine('inventory', {
    of: ['seed', 'reserve', 'commit', 'release', 'expire', 'set'],
    at: ['before-commit', 'after-commit'],
  }),
  catalog: consumer,
  notifications: consumer,
  images: ['images.processing', 'images.before-ready', 'images.after-ready', 'images.before-ack'],
};

function combine(service: string, names: { of: string[]; at: string[] }): string[] {
  return names.of.flatMap((step) => names.at.map((place) => `${service}.${step}.${place}`));
}
