import { EngineError } from '../engine-error.ts';
import type { MeshReport } from '../engine-types.ts';
import type { FaultReport } from '../faults/faults.ts';
import type { ServiceStatus, Status } from '../status.ts';
import type { DeployReply, ListedRelease } from '../rollouts/deploys.ts';
import type { RolloutReport } from '../rollouts/report.ts';
import type { RolloutStatus } from '../rollouts/rollout.ts';
import { http } from '../net/http.ts';
import { findDataDir } from '../state/data-dir.ts';
import { lockHolder } from '../state/lock.ts';

/** The replies of a running engine. */
type Replies = {
  status: Status;
  scale: ServiceStatus;
  autoscale: Status;
  restart: Status;
  deploy: DeployReply;
  releases: { releases: ListedRelease[] };
  rollout: RolloutStatus;
  reports: { reports: RolloutReport[] };
  rollouts: { rollouts: RolloutStatus[] };
  'fault-add': FaultReport;
  'fault-list': FaultReport[];
  'fault-clear': FaultReport[];
  mesh: MeshReport;
  stop: object;
};

/** A connection to the engine that runs on a state directory. */
export type ControlClient = {
  pid: number;
  call<Name extends keyof Replies>(name: Name, input: object): Promise<Replies[Name]>;
};

/** Finds the engine of a state directory. Throws when none runs there. */
export async function connectEngine(dataDir: string): Promise<ControlClient> {
  const data = await findDataDir(dataDir);
  const pid = data && lockHolder(data.lockFile);
  if (data === undefined || pid === undefined) {
    throw new EngineError(`no engine runs on ${dataDir}; start one with faultline up`);
  }
  return {
    pid,
    async call<Name extends keyof Replies>(name: Name, input: object) {
      // Both ends are this same program, so the reply has the shape its name says.
      return (await post(data.controlSocket, name, input)) as Replies[Name];
    },
  };
}

function post(socketPath: string, name: string, input: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = http.request({ socketPath, path: `/${name}`, method: 'POST' }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk: string) => (text += chunk));
      reply.on('error', reject);
      reply.on('end', () => {
        const body: unknown = JSON.parse(text);
        if (reply.statusCode === 200) resolve(body);
        else reject(new EngineError(errorText(body)));
      });
    });
    call.on('error', (cause) => {
      reject(new EngineError(`ask the engine for ${name}: ${cause.message}`, { cause }));
    });
    call.end(JSON.stringify(input));
  });
}

function errorText(body: unknown): string {
  const error: unknown = typeof body === 'object' && body ? Reflect.get(body, 'error') : undefined;
  return typeof error === 'string' ? error : 'the engine gave no reason';
}
