import { backOffice } from './back-office.ts';
import { browse } from './browse.ts';
import { buy } from './buy.ts';
import type { Journey } from './journey.ts';
import { readOrder } from './read-order.ts';
import { search } from './search.ts';
import { signIn } from './sign-in.ts';
import { upload } from './upload.ts';

/** Everything people come for. */
export const journeys: readonly Journey[] = [
  browse,
  search,
  buy,
  signIn,
  readOrder,
  upload,
  backOffice,
];
