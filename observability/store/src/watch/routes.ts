import type { ServerResponse } from 'node:http';
import type { ChangeEvent } from '@faultline/origin/model';
import { encodeLine } from '@faultline/origin/recording';
import { z } from 'zod';
import { sendJson } from '../http/respond.ts';
import type { Exchange, Router } from '../http/router.ts';
import { addHistoryRoute } from './history.ts';
import { changeJson, incidentJson } from './incident-json.ts';
import { openApi } from './openapi.ts';
import type { Watcher, WatchEvent } from './watcher.ts';

const LISTENERS_MAX = 32;
const RECORDERS_MAX = 2;
const BODY_MAX = 64 * 1_024;
/** A listener that is so far behind is let go: it comes again and asks for the whole. */
const BEHIND_MAX = 1_024 * 1_024;
/** A recording with a gap is none. */
const RECORDING_BEHIND_MAX = 32 * 1_024 * 1_024;

const kinds = [
  'deploy',
  'weight',
  'promote',
  'rollback',
  'scale',
  'config',
  'restart',
  'instance',
] as const;
const states = ['started', 'ready', 'unready', 'stopping', 'stopped', 'crashed'] as const;
const change = z.strictObject({
  at: z.iso.datetime({ offset: true }),
  kind: z.enum(kinds),
  service: z.string().min(1).max(200),
  version: z.string().max(200).optional(),
  instance: z.string().max(300).optional(),
  state: z.enum(states).optional(),
  detail: z.string().max(2_000),
});

/**
 * Adds the API of the failure analysis: `/api/incidents`, `/api/topology`, `/api/changes`,
 * `/api/events`, `/api/inputs`. Telling of changes needs `token`; without one nobody can.
 */
export function addWatchRoutes(router: Router, watcher: Watcher, token: string | undefined): void {
  const listeners = new Set<ServerResponse>();
  const recorders = new Set<ServerResponse>();
  router.add('GET', '/api/incidents', (exchange) => {
    sendJson(exchange, 200, { incidents: watcher.incidents().map(incidentJson) });
  });
  router.add('GET', '/api/incidents/current', (exchange) => {
    const incident = watcher.current();
    sendJson(exchange, 200, { incident: incident ? incidentJson(incident) : null });
  });
  router.add('GET', '/api/incidents/:id', (exchange) => {
    const found = watcher.incidents().find(({ id }) => id === exchange.params['id']);
    if (found) sendJson(exchange, 200, { incident: incidentJson(found) });
    else refuse(exchange, 404, 'there is no incident of that id');
  });
  router.add('GET', '/api/topology', (exchange) => sendJson(exchange, 200, watcher.topology()));
  router.add('GET', '/api/changes', (exchange) => {
    sendJson(exchange, 200, { changes: watcher.changes().map(changeJson) });
  });
  router.add('POST', '/api/changes', (exchange) => takeChange(exchange, { watcher, token }));
  router.add('GET', '/api/events', (exchange) => streamEvents(exchange, { watcher, listeners }));
  router.add('GET', '/api/inputs', (exchange) => streamInputs(exchange, { watcher, recorders }));
  addHistoryRoute(router, watcher.history);
  router.add('GET', '/api/openapi.json', (exchange) => sendJson(exchange, 200, openApi));
}

async function takeChange(
  exchange: Exchange,
  { watcher, token }: { watcher: Watcher; token: string | undefined },
): Promise<void> {
  const { req } = exchange;
  if (token === undefined || req.headers.authorization !== `Bearer ${token}`) {
    req.resume();
    return refuse(exchange, 401, 'expected the token of this run');
  }
  let body = '';
  for await (const chunk of req) {
    body += String(chunk);
    if (body.length > BODY_MAX) return refuse(exchange, 413, 'the body is over 64 KiB');
  }
  const parsed = change.safeParse(parse(body));
  if (!parsed.success) return refuse(exchange, 400, z.prettifyError(parsed.error));
  const { at, ...rest } = parsed.data;
  // Parsed without the fields that are absent.
  watcher.noteChange({ atMs: Date.parse(at), ...rest } as ChangeEvent);
  exchange.res.writeHead(204).end();
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // refused as not being an object
  }
}

function refuse(exchange: Exchange, status: number, detail: string): void {
  sendJson(exchange, status, { title: 'Refused', status, detail });
}

/** Server-sent events from now on, each with its type and JSON; the first is the state as it is. */
function streamEvents(
  exchange: Exchange,
  { watcher, listeners }: { watcher: Watcher; listeners: Set<ServerResponse> },
): void {
  const { res, req } = exchange;
  if (listeners.size >= LISTENERS_MAX) return refuse(exchange, 503, 'too many listeners');
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  if (req.method === 'HEAD') return void res.end();
  listeners.add(res);
  const send = (type: string, value: unknown) => {
    if (res.writableLength > BEHIND_MAX) res.destroy();
    else res.write(`event: ${type}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  send('incidents', watcher.incidents().map(incidentJson));
  send('changes', watcher.changes().map(changeJson));
  send('topology', watcher.topology());
  const unlisten = watcher.listen((event) => send(event.type, payload(event)));
  res.on('close', () => {
    unlisten();
    listeners.delete(res);
  });
}

/** What the analysis is told from now on, one JSON object a line: to be recorded and replayed. */
function streamInputs(
  exchange: Exchange,
  { watcher, recorders }: { watcher: Watcher; recorders: Set<ServerResponse> },
): void {
  const { res, req } = exchange;
  if (recorders.size >= RECORDERS_MAX) return refuse(exchange, 503, 'it is being recorded');
  res.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  if (req.method === 'HEAD') return void res.end();
  recorders.add(res);
  res.flushHeaders();
  const end = watcher.record((line) => {
    if (res.writableLength > RECORDING_BEHIND_MAX) res.destroy();
    else res.write(encodeLine(line));
  });
  res.on('close', () => {
    end();
    recorders.delete(res);
  });
}

function payload(event: WatchEvent): unknown {
  switch (event.type) {
    case 'incident':
      return { kind: event.update.kind, incident: incidentJson(event.update.incident) };
    case 'change':
      return changeJson(event.change);
    case 'topology':
      return event.topology;
    case 'pulse':
      return event.pulses;
  }
}
