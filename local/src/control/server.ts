import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import type { Engine } from '../engine-types.ts';
import { EngineError } from '../engine-error.ts';
import { releaseSource } from '../rollouts/releases/release.ts';

export type ControlServer = { stop(): Promise<void> };

type Control = { engine: Engine; requestStop(): void };
type Handler = (control: Control, input: unknown) => unknown;

const scaleInput = z.strictObject({ service: z.string(), replicas: z.int() });
const autoscaleInput = z.strictObject({ on: z.boolean().optional() });
const restartInput = z.strictObject({ target: z.string(), now: z.boolean() });
const clearInput = z.strictObject({ id: z.string().optional() });
const meshInput = z.strictObject({ view: z.enum(['routes', 'policy', 'identity']) });
const releasesInput = z.strictObject({ service: z.string().optional() });
const reportsInput = z.strictObject({ service: z.string() });
const rolloutInput = z.strictObject({
  service: z.string(),
  action: z.enum(['status', 'pause', 'resume', 'promote', 'abort']).default('status'),
});
const deployInput = z.strictObject({
  service: z.string(),
  version: z.string().optional(),
  source: releaseSource.optional(),
  patch: z.strictObject({ name: z.string(), text: z.string() }).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).optional(),
  strategy: z.enum(['canary', 'rolling']).optional(),
  skip: z.array(z.enum(['typecheck', 'tests', 'contracts'])).optional(),
});
const manifestsInput = z.strictObject({ service: z.string() });
const statusInput = z.strictObject({ secrets: z.boolean() });

/** What a running engine can be asked. Every call is a POST with a JSON body. */
const calls: Readonly<Record<string, Handler>> = {
  status: ({ engine }, input) => engine.status(statusInput.parse(input)),
  async scale({ engine }, input) {
    const { service, replicas } = scaleInput.parse(input);
    return engine.scale(service, replicas);
  },
  autoscale: ({ engine }, input) => engine.autoscale(autoscaleInput.parse(input).on),
  async restart({ engine }, input) {
    const { target, now } = restartInput.parse(input);
    await engine.restart(target, { now });
    return engine.status();
  },
  deploy: ({ engine }, input) => engine.deploy(deployInput.parse(input)),
  async releases({ engine }, input) {
    return { releases: await engine.releases(releasesInput.parse(input).service) };
  },
  rollout({ engine }, input) {
    const { service, action } = rolloutInput.parse(input);
    return engine.rollout(service, action);
  },
  async reports({ engine }, input) {
    return { reports: await engine.reports(reportsInput.parse(input).service) };
  },
  rollouts: ({ engine }) => ({ rollouts: engine.rollouts() }),
  'fault-add': ({ engine }, input) => engine.faults.add(input),
  'fault-list': ({ engine }) => engine.faults.list(),
  'fault-clear': ({ engine }, input) => engine.faults.clear(clearInput.parse(input).id),
  mesh: ({ engine }, input) => engine.meshReport(meshInput.parse(input).view),
  manifests: ({ engine }, input) => engine.manifests(manifestsInput.parse(input).service),
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

// A deploy may bring a patch.
const bodyLengthMax = 4 * 1024 * 1024;

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of req) {
    body += String(chunk);
    if (body.length > bodyLengthMax) throw new EngineError('read a control call: over 4 MiB');
  }
  return body;
}
