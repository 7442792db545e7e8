import type { ChangeEvent, Incident } from '@faultline/origin/model';

/** An incident as the API tells it; times are RFC 3339. */
export function incidentJson(incident: Incident) {
  const { onsetMs, namedMs, updatedMs, resolvedMs, mergedInto, suspectedChange } = incident;
  return {
    id: incident.id,
    state: incident.state,
    origin: incident.origin,
    symptom: incident.symptom,
    sentence: incident.sentence,
    onset: time(onsetMs),
    named_at: time(namedMs),
    updated_at: time(updatedMs),
    resolved_at: resolvedMs === undefined ? null : time(resolvedMs),
    ...(mergedInto === undefined ? {} : { merged_into: mergedInto }),
    confidence: incident.confidence,
    candidates: incident.candidates,
    propagation: incident.propagation.map(withTime),
    victims: incident.victims.map(withTime),
    absorbed: incident.absorbed,
    journeys: incident.journeys,
    share_hit: incident.shareHit,
    amplification: incident.amplification,
    suspected_change: suspectedChange
      ? { ...changeJson(suspectedChange.change), evidence: suspectedChange.evidence }
      : null,
    traces: incident.traces,
  };
}

/** A change as the API tells it. */
export function changeJson({ atMs, ...change }: ChangeEvent) {
  return { at: time(atMs), ...change };
}

function withTime<T extends { readonly atMs: number }>({ atMs, ...rest }: T) {
  return { at: time(atMs), ...rest };
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
