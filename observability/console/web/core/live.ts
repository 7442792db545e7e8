import { computed, effect, signal } from '@preact/signals';
import { getJson } from './api.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { decodeHistory, type History } from './history.ts';
import { imported } from './imported.ts';
import { incidentsAt } from './story.ts';
import { atMs } from './url.ts';
import type { Change, Frame, Incident, Pulse } from './wire.ts';

const FRAMES_MAX = 2_000;
/** Frames come three times a second, for what is shown now; to look back fewer are enough. */
const KEEP_EVERY_MS = 900;
const CHANGES_MAX = 500;
const INCIDENTS_MAX = 200;
/** After so long without a frame nobody is there. */
const SILENT_MS = 5_000;

const buffer = new FrameBuffer(FRAMES_MAX, KEEP_EVERY_MS);
const liveIncidents = signal<readonly Incident[]>([]);
const liveChanges = signal<readonly Change[]>([]);
const pulseListeners = new Set<(pulses: readonly Pulse[]) => void>();

export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');
/** The newest frame that came. */
export const latest = signal<Frame | undefined>(undefined);
/** Changes whenever the frames that are kept do. */
const revision = signal(0);

/** The frames that are kept, oldest first: of an imported incident, or of the last half hour. */
export const frames = computed<readonly Frame[]>(() => {
  void revision.value;
  return imported.value?.frames ?? buffer.frames;
});

/** Whether the page follows what happens, or shows an earlier moment. */
export const isLive = computed(() => atMs.value === undefined && imported.value === undefined);

/** The moment that the page shows, in ms. */
export const shownMs = computed<number>(() => {
  const newest = frames.value.at(-1)?.atMs ?? 0;
  return atMs.value ?? (imported.value ? newest : (latest.value?.atMs ?? newest));
});

/** The system as it is, or was at the moment that is looked at. */
export const shownFrame = computed<Frame | undefined>(() => {
  if (isLive.value) return latest.value;
  const kept = new FrameBuffer(Infinity);
  kept.prepend(frames.value);
  return kept.at(shownMs.value);
});

/** All incidents that are known, whatever the moment. */
export const allIncidents = computed<readonly Incident[]>(
  () => imported.value?.incidents ?? liveIncidents.value,
);

/** The incidents as they were known at the moment that is looked at. */
export const shownIncidents = computed<readonly Incident[]>(() =>
  isLive.value ? allIncidents.value : incidentsAt(allIncidents.value, shownMs.value),
);

export const changes = computed<readonly Change[]>(
  () => imported.value?.changes ?? liveChanges.value,
);

/** Tells of calls as they end; the answer ends that. */
export function onPulses(listener: (pulses: readonly Pulse[]) => void): () => void {
  pulseListeners.add(listener);
  return () => pulseListeners.delete(listener);
}

/** Opens the stream, which goes on for as long as the page is there. */
export function startLive(): void {
  let heardMs = performance.now();
  const source = new EventSource('/api/events');
  const on = <T>(type: string, act: (value: T) => void) => {
    source.addEventListener(type, ({ data }: MessageEvent<string>) => {
      heardMs = performance.now();
      connection.value = 'live';
      // Sent by the same release.
      act(JSON.parse(data) as T);
    });
  };
  on<Incident[]>('incidents', (all) => (liveIncidents.value = all.slice(-INCIDENTS_MAX)));
  on<Change[]>('changes', (all) => (liveChanges.value = all.slice(-CHANGES_MAX)));
  on<Frame>('topology', takeFrame);
  on<Pulse[]>('pulse', (pulses) => pulseListeners.forEach((listener) => listener(pulses)));
  on<{ incident: Incident }>('incident', ({ incident }) => takeIncident(incident));
  on<Change>('change', (change) => {
    liveChanges.value = [...liveChanges.value.slice(1 - CHANGES_MAX), change];
  });
  source.addEventListener('open', () => void loadHistory());
  source.addEventListener('error', () => (connection.value = 'lost'));
  setInterval(() => {
    if (performance.now() - heardMs > SILENT_MS) connection.value = 'lost';
  }, 1_000);
}

function takeFrame(frame: Frame): void {
  latest.value = frame;
  if (buffer.add(frame)) revision.value++;
}

function takeIncident(incident: Incident): void {
  const others = liveIncidents.value.filter(({ id }) => id !== incident.id);
  liveIncidents.value = [...others, incident].slice(-INCIDENTS_MAX);
}

async function loadHistory(): Promise<void> {
  // Without it the page knows what it has seen itself.
  const history = await getJson<History>('/api/history').catch(() => undefined);
  if (!history) return;
  buffer.prepend(decodeHistory(history));
  revision.value++;
}

/** Leaves the imported incident when somebody goes back to what happens now. */
export function followNow(): void {
  imported.value = undefined;
}

effect(() => {
  document.documentElement.classList.toggle('in-the-past', !isLive.value);
});
