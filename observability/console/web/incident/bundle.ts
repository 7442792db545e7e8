import type { Imported } from '../core/imported.ts';
import type { Change, Frame, Incident } from '../core/wire.ts';

const FORMAT = 'faultline-incident/1';
/** Shown before its onset and after its end. */
const MARGIN_MS = 30_000;

/**
 * An incident in one file. `data` holds its traces as Jaeger's own query API has them, so that a
 * real Jaeger opens the very same file; what Jaeger does not know it passes over.
 */
export type IncidentFile = {
  readonly data: readonly unknown[];
  readonly faultline: {
    readonly format: typeof FORMAT;
    readonly saved_at: string;
    readonly incident: Incident;
    readonly incidents: readonly Incident[];
    readonly changes: readonly Change[];
    readonly frames: readonly Frame[];
  };
};

/** Puts together what belongs to an incident: the time around it, and all that happened then. */
export function packIncident(
  incident: Incident,
  known: {
    incidents: readonly Incident[];
    changes: readonly Change[];
    frames: readonly Frame[];
    traces: readonly unknown[];
    nowMs: number;
  },
): IncidentFile {
  const fromMs = Date.parse(incident.onset) - MARGIN_MS;
  const endMs = incident.resolved_at === null ? known.nowMs : Date.parse(incident.resolved_at);
  const isWithin = (ms: number) => ms >= fromMs && ms <= endMs + MARGIN_MS;
  return {
    data: known.traces,
    faultline: {
      format: FORMAT,
      saved_at: new Date(known.nowMs).toISOString(),
      incident,
      incidents: known.incidents.filter(({ onset }) => isWithin(Date.parse(onset))),
      changes: known.changes.filter(({ at }) => isWithin(Date.parse(at))),
      frames: known.frames.filter(({ atMs }) => isWithin(atMs)),
    },
  };
}

/**
 * Reads such a file.
 * @throws Error that says what is missing, for people.
 */
export function unpackIncident(text: string, name: string): Imported & { traces: unknown[] } {
  const file = parse(text);
  const inner: unknown = Object(file)['faultline'];
  if (typeof inner !== 'object' || inner === null || Reflect.get(inner, 'format') !== FORMAT) {
    throw new Error(`open ${name}: expected an incident that this console saved (${FORMAT})`);
  }
  const list = (field: string): unknown[] => {
    const value: unknown = Reflect.get(inner, field);
    if (Array.isArray(value)) return value;
    throw new Error(`open ${name}: expected a list of ${field}`);
  };
  const traces: unknown = Object(file)['data'];
  return {
    name,
    // Whoever saved it was this console; what it shows is text whatever it says.
    frames: list('frames').filter(isFrame),
    incidents: list('incidents').filter(isIncident),
    changes: list('changes').filter(isChange),
    traces: Array.isArray(traces) ? traces : [],
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error('open the file: it is not JSON', { cause: error });
  }
}

function isFrame(value: unknown): value is Frame {
  const { atMs, nodes, edges } = Object(value);
  const isNamed = (one: unknown) => typeof Object(one).name === 'string';
  return (
    Number.isFinite(atMs) && Array.isArray(nodes) && nodes.every(isNamed) && Array.isArray(edges)
  );
}

function isIncident(value: unknown): value is Incident {
  const one = Object(value);
  const lists = ['propagation', 'victims', 'absorbed', 'journeys', 'amplification', 'traces'];
  return (
    typeof one.id === 'string' &&
    typeof one.sentence === 'string' &&
    Number.isFinite(Date.parse(one.onset)) &&
    typeof Object(one.origin).service === 'string' &&
    lists.every((field) => Array.isArray(one[field]))
  );
}

function isChange(value: unknown): value is Change {
  const { at, kind, service } = Object(value);
  return Number.isFinite(Date.parse(at)) && typeof kind === 'string' && typeof service === 'string';
}
