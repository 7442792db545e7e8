import type { Clock } from '@faultline/chassis/clock';
import type { HttpClient } from '@faultline/chassis/http-client';

/** The services whose data the back office shows and changes; it keeps none of its own. */
export type Neighbour = 'catalog' | 'inventory' | 'orders' | 'profiles';

export type AdminDeps = {
  neighbours: Readonly<Record<Neighbour, HttpClient>>;
  clock: Clock;
};
