import type { Random } from '@faultline/mesh-core/random';
import type { Clock } from './clock.ts';
import type { DecisionLog } from './decisions.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Registry } from './metrics/registry.ts';
import type { TcpSeriesMap } from './metrics/tcp.ts';
import type { Credentials } from './net/tls.ts';
import type { Tracer } from './tracing.ts';

/** What the stacks of one proxy share. */
export type Deps = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  readonly tcp: TcpSeriesMap;
  readonly decisions: DecisionLog;
  readonly limits: Limits;
  readonly credentials: () => Credentials;
  /** Absent: headers pass untouched and nothing is recorded. */
  readonly tracer?: Tracer | undefined;
};
