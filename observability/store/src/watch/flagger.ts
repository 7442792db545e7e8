import type { ChangeEvent } from '@faultline/origin/model';
import { z } from 'zod';
import { BodyBudget, BodyError, readBody } from '../http/body.ts';
import { sendJson } from '../http/respond.ts';
import type { Exchange, Router } from '../http/router.ts';
import type { Watcher } from './watcher.ts';

const BODY_MAX = 64 * 1_024;

/** What Flagger posts to a webhook of type `event`. Which version it is of, it does not say. */
const told = z.object({
  name: z.string().min(1).max(200),
  metadata: z.object({
    eventMessage: z.string().max(2_000),
    /** Milliseconds since 1970. */
    timestamp: z.string().regex(/^\d{1,15}$/),
  }),
});

type Told = z.output<typeof told>;

/** Flagger's words, and what they mean for who broke first. */
const meanings: readonly [
  words: RegExp,
  kind: ChangeEvent['kind'],
  detail: (match: RegExpExecArray) => string,
][] = [
  [/^New revision detected!/, 'deploy', () => 'a new version, which Flagger analyses'],
  [/ canary weight (\d+)$/, 'weight', ([, weight]) => `${weight} % to the new version`],
  [
    / primary weight (\d+)$/,
    'weight',
    ([, weight]) => `${100 - Number(weight)} % to the new version`,
  ],
  [/^Routing all traffic to (canary|primary)/, 'weight', ([, to]) => `all traffic to the ${to}`],
  [/^Copying .* template spec to /, 'promote', () => 'the new version becomes what serves'],
  [/^Canary failed!/, 'rollback', () => 'Flagger has undone the new version'],
];

/** What an event of Flagger's says was done; undefined for mere words. */
function changeOf({ name, metadata }: Told): ChangeEvent | undefined {
  const { eventMessage, timestamp } = metadata;
  for (const [words, kind, detail] of meanings) {
    const match = words.exec(eventMessage);
    if (match !== null) {
      return { atMs: Number(timestamp), kind, service: name, detail: detail(match) };
    }
  }
  return undefined;
}

/**
 * Adds `POST /api/flagger`, a webhook of type `event`. Flagger shows no token: this is for a port that
 * only the cluster reaches.
 */
export function addFlaggerRoute(router: Router, watcher: Pick<Watcher, 'noteChange'>): void {
  const budget = new BodyBudget(4 * BODY_MAX);
  router.add('POST', '/api/flagger', (exchange) => note(exchange, { watcher, budget }));
}

async function note(
  exchange: Exchange,
  { watcher, budget }: { watcher: Pick<Watcher, 'noteChange'>; budget: BodyBudget },
): Promise<void> {
  const { req } = exchange;
  if (req.headers.origin !== undefined) {
    req.resume();
    return sendJson(exchange, 403, { title: 'Refused', status: 403, detail: 'pages may not tell' });
  }
  try {
    const body = await readBody(req, { maxBytes: BODY_MAX, budget });
    const change = changeOf(told.parse(JSON.parse(body.toString())));
    if (change !== undefined) watcher.noteChange(change);
    // Flagger takes a status above 202 for a failure.
    sendJson(exchange, 202, { noted: change !== undefined });
  } catch (error) {
    const isWrong = error instanceof SyntaxError || error instanceof z.ZodError;
    if (!isWrong && !(error instanceof BodyError)) throw error;
    const status = error instanceof BodyError ? error.status : 400;
    const detail = 'expected an event of Flagger’s';
    sendJson(exchange, status, { title: 'Refused', status, detail });
  }
}
