import type { Demand } from './demand.ts';
import type { EdgeBook } from './edges.ts';
import type { Finding } from './finding.ts';
import type { QueueBook } from './queues.ts';
import type { Rows } from './rows.ts';
import type { Rush } from './rush.ts';
import type { Settings } from './settings.ts';
import type { Spell } from './spell.ts';
import type { Vitals } from './vitals.ts';

/** All that is known at one moment. */
export type Books = {
  readonly settings: Settings;
  readonly rows: Rows;
  readonly edges: EdgeBook;
  readonly vitals: Vitals;
  readonly queues: QueueBook;
  readonly rush: Rush;
  readonly demand: Demand;
  /** Of the window, oldest first. */
  readonly findings: readonly Finding[];
  /** The service that requests from outside come to. */
  readonly edgeService: string;
  /** When the last incident of a component was over, by `keyOf`. */
  readonly overMs: ReadonlyMap<string, number>;
  /** 0 while what is told comes in time; the more it is late, the less slowness means. */
  readonly strain: number;
  /** When nobody had time the last time; see `Pace`. */
  readonly hurried: Spell | undefined;
  readonly nowMs: number;
};
