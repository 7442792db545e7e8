import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine } from '../engine-types.ts';
import { EngineError } from '../engine-error.ts';

export type ControlServer = { stop(): Promise<void> };

type Control = { engine: Engine; requestStop(): void };
type Handler = (control: Control, input: unknown) => unknown;

const scaleInput = z.strictObject({ service: z.string(), replicas: z.int() });
const restartInput = z.strictObject({ target: z.string(), now: z.boolean() });
const clearInput = z.strictObject({ id: z.string().optional() });
const meshInput = z.strictObject({ view: z.enum(['routes', 'policy', 'identity']) });
const statusInput = z.strictObject({ secrets: z.boolean() });

/** What a running engine can be asked. Every call is a POST with a JSON body. */
const calls: Readonly<Record<string, Handler>> = {
  status: ({ engine }, input) => engine.status(statusInput.parse(input)),
  async scale({ engine }, input) {
    const { service, replicas } = scaleInput.parse(input);
    return engine.scale(service, replicas);
  },
  async restart({ engine }, input) {
    const { target, now } = restartInput.parse(input);
    await engine.restart(target, { now });
    return engine.status();
  },
  'fault-add': ({ engine }, input) => engine.faults.add(input),
  'fault-list': ({ engine }) => engine.faults.list(),
  'fault-clear': ({ engine }, input) => engine.faults.clear(clearInput.parse(input).id),
  mesh: ({ engine }, input) => engine.meshReport(meshInput.parse(input).view),
  stop({ requestStop }) {
    requestStop();
    return {};
  },
};

/** Serves the commands on a Unix socket that only this user can reach. */
export async function serveControl(path: string, control: Control): Promise<ControlServer> {
  const server = createServer((req, res) => void answer(req, res, control));
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
    },
  };
}

async function answer(req: IncomingMessage, res: ServerResponse, control: Control): Promise<void> {
  const reply = (status: number, body: unknown) => {
    res.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    res.end(JSON.stringify(body));
  };
  try {
    const call = calls[(req.url ?? '').slice(1)];
    if (call === undefined) return reply(404, { error: `no call ${req.url}` });
    reply(200, await call(control, JSON.parse(await readBody(req))));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply(error instanceof EngineError ? 400 : 500, { error: message });
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of req) {
    body += String(chunk);
    if (body.length > 64 * 1024) throw new EngineError('read a control call: over 64 KiB');
  }
  return body;
}
