import { getJson } from '../core/api.ts';
import { allIncidents, changes, frames, shownMs } from '../core/live.ts';
import { imported } from '../core/imported.ts';
import { originName } from '../core/story.ts';
import { setQuery } from '../core/url.ts';
import type { Incident } from '../core/wire.ts';
import { attempt, notify } from '../ui/notices.tsx';
import { packIncident, unpackIncident } from './bundle.ts';

const TRACES_MAX = 20;

/** Saves an incident as a file of the browser's. */
export async function exportIncident(incident: Incident): Promise<void> {
  await attempt('save the incident', async () => {
    const found = await Promise.all(incident.traces.slice(0, TRACES_MAX).map(readTrace));
    const file = packIncident(incident, {
      incidents: allIncidents.value,
      changes: changes.value,
      frames: frames.value,
      traces: found.flat(),
      nowMs: shownMs.value,
    });
    const name = `incident-${originName(incident.origin)}-${incident.onset.slice(0, 19)}.json`;
    download(JSON.stringify(file), name.replaceAll(/[^\w.-]+/g, '-'));
  });
}

/** A trace may be gone from the store by now. */
async function readTrace(id: string): Promise<unknown[]> {
  const reply = await getJson<{ data: unknown[] }>(`/api/traces/${id}`).catch(() => undefined);
  return reply?.data ?? [];
}

/** Shows a file that was saved earlier, here or elsewhere. */
export async function importIncident(file: File): Promise<void> {
  await attempt('open the incident', async () => {
    const opened = unpackIncident(await file.text(), file.name);
    imported.value = opened;
    const [first] = opened.incidents;
    setQuery({ at: first ? Date.parse(first.onset) + 6_000 : undefined, incident: first?.id });
    notify('good', `${file.name} is shown; “Back to live” leaves it.`);
  });
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
