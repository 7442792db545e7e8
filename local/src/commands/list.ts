import { autoscale } from './autoscale.ts';
import type { Command } from './command.ts';
import { deploy } from './deploy.ts';
import { dev } from './dev.ts';
import { down } from './down.ts';
import { fault } from './fault.ts';
import { load } from './load.ts';
import { logs } from './logs.ts';
import { mesh } from './mesh.ts';
import { releases } from './releases.ts';
import { restart } from './restart.ts';
import { rollout } from './rollout.ts';
import { scale } from './scale.ts';
import { status } from './status.ts';
import { trace } from './trace.ts';
import { up } from './up.ts';
import { why } from './why.ts';

/** Every sub-command, in the order of the help text. */
export const commands: readonly Command[] = [
  up,
  down,
  status,
  logs,
  scale,
  autoscale,
  restart,
  deploy,
  releases,
  rollout,
  dev,
  fault,
  mesh,
  load,
  why,
  trace,
];
