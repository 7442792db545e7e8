import { signal } from '@preact/signals';
import { engine, engineState, type Fault } from '../core/engine.ts';

/** What is broken on purpose now, as the engine last told. */
export const faults = signal<readonly Fault[]>([]);

/** Those, and what was on earlier as long as this page was open. */
export const knownFaults = signal<readonly Fault[]>([]);

const KNOWN_MAX = 200;
const EVERY_MS = 2_000;
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Asks the engine. Without one there are none. */
export async function refreshFaults(): Promise<void> {
  if (engineState.value === 'absent') return;
  // The shell shows that the connection is lost.
  const now = await engine.faults().catch(() => undefined);
  if (!now) return;
  remember(faults.value, now);
  faults.value = now;
}

/** Keeps the list fresh as long as anybody shows it; the answer ends that. */
export function watchFaults(): () => void {
  users++;
  timer ??= setInterval(() => {
    if (!document.hidden) void refreshFaults();
  }, EVERY_MS);
  void refreshFaults();
  return () => {
    users--;
    if (users > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** A fault that is no longer listed has ended: at the latest with its lease, else just now. */
function remember(before: readonly Fault[], now: readonly Fault[]): void {
  const listed = new Set(now.map(({ id }) => id));
  const nowIso = new Date().toISOString();
  const ended = before
    .filter(({ id }) => !listed.has(id))
    .map((fault) => ({ ...fault, ends_at: fault.ends_at < nowIso ? fault.ends_at : nowIso }));
  const changed = new Set([...ended, ...now].map(({ id }) => id));
  const others = knownFaults.value.filter(({ id }) => !changed.has(id));
  knownFaults.value = [...others, ...ended, ...now].slice(-KNOWN_MAX);
}
