import { computed } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { formatTime } from '../core/format.ts';
import { allIncidents, changes, followNow, frames, isLive, latest, shownMs } from '../core/live.ts';
import { imported } from '../core/imported.ts';
import { place, setQuery } from '../core/url.ts';
import { knownFaults } from '../faults/fault-list.ts';
import { alerts, watchAlerts } from './alerts.ts';
import { Lanes } from './lanes.tsx';
import { barsOf, marksOf, momentsOf, seriesOf, type Span } from './model.ts';
import { Plot } from './plot.tsx';

const spans = [5, 15, 30] as const;
const MINUTE_MS = 60_000;
const PLAY_MS = 250;
/** Played four times as fast as it happened. */
const PLAY_STEP_MS = 1_000;

/** What is on the axis: the last minutes, or all of what was opened from a file. */
const shownSpan = computed<Span>(() => {
  const minutes = Number(place.value.query.get('minutes') ?? spans[0]);
  const first = frames.value[0]?.atMs ?? 0;
  const last = frames.value.at(-1)?.atMs ?? latest.value?.atMs ?? 0;
  if (imported.value) return { fromMs: first, toMs: last };
  // What was before anything was seen needs no room.
  const wantedMs = Math.max(last - minutes * MINUTE_MS, Math.min(first, last - MINUTE_MS));
  const fromMs = Math.min(wantedMs, isLive.value ? Infinity : shownMs.value - 10_000);
  return { fromMs, toMs: last };
});
const series = computed(() => seriesOf(frames.value, shownSpan.value));
const marks = computed(() => marksOf(changes.value, shownSpan.value));
const bars = computed(() => {
  const isOther = imported.value !== undefined;
  const own = isOther ? [] : knownFaults.value;
  const fired = isOther ? [] : alerts.value;
  return barsOf({ incidents: allIncidents.value, faults: own, alerts: fired }, shownSpan.value);
});

/** What happened when, and a way to any moment of it. */
export function Timeline() {
  useEffect(watchAlerts, []);
  return (
    <section class="live-time" aria-label="Timeline">
      <Controls />
      <div class="time-body">
        <Lanes span={shownSpan.value} marks={marks.value} bars={bars.value} onGo={lookAt} />
        <Plot series={series.value} span={shownSpan.value} />
        <Scrubber />
      </div>
    </section>
  );
}

function lookAt(ms: number): void {
  setQuery({ at: Math.round(ms) }, { replace: !isLive.value });
}

function backToLive(): void {
  followNow();
  setQuery({ at: undefined });
}

/** A slider over the whole axis; its thumb is a line through everything. */
function Scrubber() {
  const { fromMs, toMs } = shownSpan.value;
  const at = Math.min(toMs, Math.max(fromMs, shownMs.value));
  const change = (ms: number) => {
    // At the right end is now.
    if (!imported.value && ms > toMs - 1_500) backToLive();
    else lookAt(ms);
  };
  return (
    <input
      class={`time-scrubber ${isLive.value ? 'live' : ''}`}
      type="range"
      min={fromMs}
      max={toMs}
      step={1_000}
      value={at}
      aria-label="The moment that is shown"
      aria-valuetext={isLive.value ? 'now' : formatTime(at)}
      onInput={(event) => change(Number(event.currentTarget.value))}
    />
  );
}

function Controls() {
  const minutes = Number(place.value.query.get('minutes') ?? spans[0]);
  const step = (direction: 1 | -1) => {
    const moments = momentsOf(marks.value, bars.value);
    const now = shownMs.value;
    const next =
      direction > 0
        ? moments.find((ms) => ms > now + 500)
        : moments.findLast((ms) => ms < now - 500);
    if (next !== undefined) lookAt(next);
    else if (direction > 0) backToLive();
  };
  return (
    <div class="time-controls">
      <ul class="time-keys">
        <li class="requests">Requests /s</li>
        <li class="failures">Failed /s</li>
      </ul>
      <div class="time-buttons">
        <button type="button" class="button small" onClick={() => step(-1)}>
          Earlier event
        </button>
        <PlayButton />
        <button type="button" class="button small" onClick={() => step(1)}>
          Later event
        </button>
        <button type="button" class="button small" disabled={isLive.value} onClick={backToLive}>
          Now
        </button>
      </div>
      <div class="time-spans" role="group" aria-label="How much is shown">
        {spans.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={minutes === one}
            onClick={() =>
              setQuery({ minutes: one === spans[0] ? undefined : one }, { replace: true })
            }
          >
            {`${one} min`}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Plays what happened from the moment that is shown until now. */
function PlayButton() {
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (isLive.value) lookAt(Math.max(shownSpan.value.fromMs, shownMs.value - MINUTE_MS));
    const timer = setInterval(() => {
      const next = shownMs.value + PLAY_STEP_MS;
      if (next < shownSpan.value.toMs) return lookAt(next);
      setPlaying(false);
      if (!imported.value) backToLive();
    }, PLAY_MS);
    return () => clearInterval(timer);
  }, [isPlaying]);
  return (
    <button
      type="button"
      class="button small"
      aria-pressed={isPlaying}
      onClick={() => setPlaying(!isPlaying)}
    >
      {isPlaying ? 'Pause' : isLive.value ? 'Replay the last minute' : 'Play'}
    </button>
  );
}
