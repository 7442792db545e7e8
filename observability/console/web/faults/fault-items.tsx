import { useEffect } from 'preact/hooks';
import { engine, type Fault } from '../core/engine.ts';
import { formatMs } from '../core/format.ts';
import { latest } from '../core/live.ts';
import { attempt } from '../ui/notices.tsx';
import { faults, refreshFaults, watchFaults } from './fault-list.ts';
import { describeFault } from './kinds.ts';

/** What is broken on purpose, how long it will last, and a way to end it. */
export function FaultItems() {
  useEffect(watchFaults, []);
  if (faults.value.length === 0) return <p class="muted">No fault is on.</p>;
  return (
    <>
      <ul class="fault-items">
        {faults.value.map((fault) => (
          <Item key={fault.id} fault={fault} />
        ))}
      </ul>
      {faults.value.length > 1 && (
        <button type="button" class="button small" onClick={() => void clear(undefined)}>
          Clear all
        </button>
      )}
    </>
  );
}

function Item({ fault }: { fault: Fault }) {
  // Frames come once a second: often enough to count down by.
  const nowMs = latest.value?.atMs ?? 0;
  const endsMs = Date.parse(fault.ends_at);
  const wholeMs = Math.max(1, endsMs - Date.parse(fault.started_at));
  const leftMs = Math.max(0, endsMs - nowMs);
  return (
    <li>
      <div>
        <strong>{fault.target}</strong>
        <span>{describeFault(fault)}</span>
        <meter min={0} max={wholeMs} value={leftMs} aria-label="left of its lease" />
        <span class="muted small">{`ends by itself in ${formatMs(Math.ceil(leftMs / 1_000) * 1_000)}`}</span>
      </div>
      <button
        type="button"
        class="button small"
        aria-label={`Clear ${fault.target}`}
        onClick={() => void clear(fault.id)}
      >
        Clear
      </button>
    </li>
  );
}

async function clear(id: string | undefined): Promise<void> {
  await attempt('clear', () => engine.clearFault(id));
  await refreshFaults();
}
