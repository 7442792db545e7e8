import type { HttpClient } from '@faultline/chassis/http-client';

/** The services whose data the back office shows and changes; it keeps none of its own. */
export type Neighbours = {
  catalog: HttpClient;
  inventory: HttpClient;
  orders: HttpClient;
  profiles: HttpClient;
};
