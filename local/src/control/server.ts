import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import type { Clock } from '@faultline/chassis/clock';
import { z } from 'zod';
import type { Engine } from '../engine-types.ts';
import { EngineError } from '../engine-error.ts';
import { releaseSource } from '../rollouts/releases/release.ts';

export type ControlServer = {
  /** From now on every call but `stop` is answered that the engine stops. */
  refuse(): void;
  /** Closes the socket; calls that are still under way have a short time to end. */
  stop(): Promise<void>;
};

type Control = { engine: Engine; clock: Clock; requestStop(): void };
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

const graceMs = 1_000;

/** Serves the commands on a Unix socket that only this user can reach. */
export async function serveControl(path: string, control: Control): Promise<ControlServer> {
  const served: Served = { control, isStopping: false };
  const server = createServer((req, res) => void answer(req, res, served));
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  const refuse = () => void (served.isStopping = true);
  return {
    refuse,
    async stop() {
      refuse();
      await close(server, control.clock);
    },
  };
}

async function close(server: Server, clock: Clock): Promise<void> {
  const ended = new AbortController();
  server.close(() => ended.abort());
  server.closeIdleConnections();
  await clock.sleep(graceMs, ended.signal);
  server.closeAllConnections();
}

type Served = { control: Control; isStopping: boolean };

async function answer(req: IncomingMessage, res: ServerResponse, served: Served): Promise<void> {
  const reply = (status: number, body: unknown) => {
    res.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    res.end(JSON.stringify(body));
  };
  try {
    const name = (req.url ?? '').slice(1);
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (call === undefined) return reply(404, { error: `no call ${req.url}` });
    const body = await readBody(req);
    if (served.isStopping && name !== 'stop') {
      return reply(503, { error: `${name}: the engine stops and takes no more calls` });
    }
    reply(200, await call(served.control, JSON.parse(body)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply(error instanceof EngineError ? 400 : 500, { error: message });
  }
}

// A deploy may bring a patch.
const bodyLengthMax = 4 * 1024 * 1024;

async function readBody(req: IncomingMessage): Promise<string> {
  let body = '';
  // A character may come in two parts.
  req.setEncoding('utf8');
  for await (const chunk of req) {
    body += String(chunk);
    if (body.length > bodyLengthMax) throw new EngineError('read a control call: over 4 MiB');
  }
  return body;
}
