import { type Endpoint, mount } from '@faultline/chassis/endpoint';
import { ProblemError } from '@faultline/chassis/errors';
import { z } from 'zod';
import type { Gate } from './gate.ts';
import { asked, canaryName, payload } from './payload.ts';
import type { Runs } from './runs.ts';

const opening = z.object({ canary: z.string(), ends_at: z.string() });

/** Flagger takes every status up to 202 for a yes, and anything else for a failed check. */
const startLoad = {
  id: 'startLoad',
  method: 'POST',
  path: '/load',
  summary: 'Send load while a canary is analysed',
  access: 'internal',
  body: payload,
  replies: {
    202: opening.extend({ state: z.enum(['started', 'running']) }),
  },
} as const satisfies Endpoint;

/** Here a yes takes the version back at once, and anything else leaves it on trial. */
const rollBack = {
  id: 'rollBack',
  method: 'POST',
  path: '/rollback',
  summary: 'Whether a canary is to be taken back',
  access: 'internal',
  body: asked,
  replies: { 200: opening },
} as const satisfies Endpoint;

/** For who is in this pod: the mesh lets nobody else but Flagger come. */
const openRollback = {
  id: 'openRollback',
  method: 'POST',
  path: '/rollback/open',
  summary: 'Have a canary taken back when Flagger asks next',
  access: 'internal',
  body: canaryName,
  replies: { 202: opening },
} as const satisfies Endpoint;

/** Serves Flagger's webhooks on `router`. */
export function mountHooks(
  router: Parameters<typeof mount>[0],
  { runs, gate }: { runs: Runs; gate: Gate },
): void {
  mount(router, startLoad, async ({ body }) => ({ status: 202, body: runs.start(body) }));
  mount(router, rollBack, async ({ body }) => {
    const open = gate.openingFor(body);
    if (open === undefined) throw new ProblemError('forbidden', 'Nobody wants it taken back.');
    return { status: 200, body: open };
  });
  mount(router, openRollback, async ({ body }) => ({ status: 202, body: gate.open(body) }));
}
