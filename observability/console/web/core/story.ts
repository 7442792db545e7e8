import type { Frame, Incident, MapNode, NodeState } from './wire.ts';

/** An incident as it was at a moment; undefined before its onset. */
export function incidentAt(incident: Incident, ms: number): Incident | undefined {
  if (Date.parse(incident.onset) > ms) return undefined;
  const isOver = incident.resolved_at !== null && Date.parse(incident.resolved_at) <= ms;
  const happened = ({ at }: { at: string }) => Date.parse(at) <= ms;
  return {
    ...incident,
    state: isOver ? 'resolved' : 'open',
    resolved_at: isOver ? incident.resolved_at : null,
    propagation: incident.propagation.filter(happened),
    victims: incident.victims.filter(happened),
  };
}

/** What was known then of what is known now, in the same order. */
export function incidentsAt(incidents: readonly Incident[], ms: number): Incident[] {
  return incidents.flatMap((incident) => incidentAt(incident, ms) ?? []);
}

/** Those that are open, the one that hits most first. */
export function openIncidents(incidents: readonly Incident[]): Incident[] {
  return incidents
    .filter(({ state }) => state === 'open')
    .toSorted((a, b) => b.share_hit - a.share_hit || b.confidence - a.confidence);
}

export type Parts = {
  /** Names of nodes. */
  readonly states: ReadonlyMap<string, NodeState>;
  /** Edges that are themselves what broke, as `from to`. */
  readonly brokenEdges: ReadonlySet<string>;
  /** What is wrong with nodes, in a word, where no share of errors says it. */
  readonly symptoms: ReadonlyMap<string, string>;
};

const shortSymptoms: Readonly<Record<Incident['symptom'], string>> = {
  errors: 'fails',
  latency: 'slow',
  unreachable: 'not reached',
  silence: 'silent',
  backlog: 'falls behind',
  overload: 'overloaded',
};

/** The part that each node has in what is broken. */
export function partsOf(frame: Frame, incidents: readonly Incident[]): Parts {
  const open = openIncidents(incidents);
  const origins = new Set(open.map(({ origin }) => origin.service));
  const victims = new Set(open.flatMap((one) => one.victims.map(({ service }) => service)));
  const absorbers = new Set(open.flatMap((one) => one.absorbed.map(({ service }) => service)));
  const brokenEdges = new Set(
    open.flatMap(({ origin: { edge } }) => (edge ? [`${edge.from} ${edge.to}`] : [])),
  );
  const stateOf = ({ name, requestsPerSecond, kind }: MapNode): NodeState => {
    if (origins.has(name)) return 'origin';
    if (victims.has(name)) return 'victim';
    if (absorbers.has(name)) return 'masked';
    return requestsPerSecond > 0 || kind === 'queue' ? 'healthy' : 'unknown';
  };
  const states = new Map(frame.nodes.map((node) => [node.name, stateOf(node)]));
  return { states, brokenEdges, symptoms: symptomsOf(open) };
}

/** What broke first has the last word. */
function symptomsOf(open: readonly Incident[]): Map<string, string> {
  return new Map([
    ...open.flatMap(({ victims }) =>
      victims.map(({ service, slow, failed }) => {
        return [service, slow > failed ? shortSymptoms.latency : shortSymptoms.errors] as const;
      }),
    ),
    // Of an edge that broke it is written on the edge.
    ...open
      .filter(({ origin }) => origin.kind !== 'edge')
      .map(({ origin, symptom }) => [origin.service, shortSymptoms[symptom]] as const),
  ]);
}

/** What broke, in a few words: `payments`, `orders → payments`, `inventory 1.2.0`. */
export function originName({ kind, service, version, instance, edge }: Incident['origin']): string {
  if (kind === 'edge' && edge) return `${edge.from} → ${edge.to}`;
  if (kind === 'version' && version !== undefined) return `${service} ${version}`;
  if (kind === 'instance' && instance !== undefined) return instance;
  return service;
}
