import { type Endpoint, mount } from '@faultline/chassis/endpoint';
import { z } from 'zod';
import { payload } from './payload.ts';
import type { Runs } from './runs.ts';

/** Flagger takes every status up to 202 for a yes, and anything else for a failed check. */
const startLoad = {
  id: 'startLoad',
  method: 'POST',
  path: '/load',
  summary: 'Send load while a canary is analysed',
  access: 'internal',
  body: payload,
  replies: {
    202: z.object({
      canary: z.string(),
      state: z.enum(['started', 'running']),
      ends_at: z.string(),
    }),
  },
} as const satisfies Endpoint;

/** Serves Flagger's webhook on `router`. */
export function mountHook(router: Parameters<typeof mount>[0], runs: Runs): void {
  mount(router, startLoad, async ({ body }) => ({ status: 202, body: runs.start(body) }));
}
