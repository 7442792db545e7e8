import type { Duration } from './pace.ts';

/** What people come to do, measured where they come in: at the gateway, by route pattern. */
export type Journey = {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Pages and operations of the public API, as the gateway's metrics name them. */
  readonly routes: readonly string[];
  /** The share of requests that must not end in a 5xx. */
  readonly availability: number;
  /** The share of the others that must be answered within `withinSeconds`, a bucket's bound. */
  readonly latency: { readonly share: number; readonly withinSeconds: number };
};

/** The promises. Refusals (4xx) keep them: saying no to what may not be is the service. */
export const journeys: readonly Journey[] = [
  {
    name: 'browse',
    method: 'GET',
    routes: [
      '/',
      '/categories/:slug',
      '/products/:slug',
      '/api/v1/categories',
      '/api/v1/products/:id',
    ],
    availability: 0.999,
    latency: { share: 0.95, withinSeconds: 1 },
  },
  {
    name: 'search',
    method: 'GET',
    routes: ['/search', '/api/v1/products'],
    availability: 0.995,
    latency: { share: 0.95, withinSeconds: 1 },
  },
  {
    name: 'sign in',
    method: 'POST',
    routes: ['/sign-in', '/api/v1/sessions'],
    availability: 0.999,
    // A password is hashed slowly on purpose.
    latency: { share: 0.95, withinSeconds: 2.5 },
  },
  {
    name: 'buy',
    method: 'POST',
    routes: ['/checkout', '/api/v1/orders'],
    availability: 0.999,
    latency: { share: 0.95, withinSeconds: 2.5 },
  },
  {
    name: 'upload',
    method: 'POST',
    routes: ['/api/v1/images'],
    availability: 0.99,
    latency: { share: 0.95, withinSeconds: 5 },
  },
];

/** The time a budget is for. */
export const budgetPeriod: Duration = '30d';

/** An alert: the budget burns `factor` times too fast over `long`, and still does over `short`. */
export type BurnRate = {
  readonly severity: 'page' | 'ticket';
  readonly long: Duration;
  readonly short: Duration;
  readonly factor: number;
};

/** The SRE workbook's: 2 % of a month's budget in an hour, 5 % in six, 10 % in a day and in three. */
export const burnRates: readonly BurnRate[] = [
  { severity: 'page', long: '1h', short: '5m', factor: 14.4 },
  { severity: 'page', long: '6h', short: '30m', factor: 6 },
  { severity: 'ticket', long: '1d', short: '2h', factor: 3 },
  { severity: 'ticket', long: '3d', short: '6h', factor: 1 },
];

/** Fewer bad requests than this in the long window are no trend, however few others there were. */
export const badEventsMin = 3;

/** The window all others are made of. */
export const baseWindow: Duration = '5m';
