import { allIncidents, shownFrame, shownIncidents } from '../core/live.ts';
import { openIncidents, originName } from '../core/story.ts';
import { place, setQuery } from '../core/url.ts';
import type { Incident } from '../core/wire.ts';
import { FaultForm } from '../faults/fault-form.tsx';
import { IncidentPanel } from '../incident/incident-panel.tsx';
import { select, selection } from '../map/selection.ts';
import { EdgePanel } from './edge-panel.tsx';
import { NodePanel } from './node-panel.tsx';
import { Overview } from './overview.tsx';

/** Beside the map: what is selected, else what is broken, else how all is. */
export function Side() {
  return (
    <aside class="live-side" aria-label="What is going on">
      <Content />
    </aside>
  );
}

function Content() {
  const target = place.value.query.get('fault');
  if (target !== null) return <FaultPanel target={target} />;
  const selected = selection();
  const frame = shownFrame.value;
  if (selected && frame) {
    return (
      <div class="side-panel">
        <button type="button" class="button small" onClick={() => select(undefined)}>
          Close
        </button>
        {'node' in selected ? (
          <NodePanel frame={frame} name={selected.node} />
        ) : (
          <EdgePanel frame={frame} from={selected.from} to={selected.to} />
        )}
      </div>
    );
  }
  const open = openIncidents(shownIncidents.value);
  const shown = chosen(open) ?? open[0];
  if (!shown) return <Overview />;
  return (
    <>
      {open.length > 1 && <Others open={open} shown={shown} />}
      <IncidentPanel incident={shown} />
    </>
  );
}

/** The incident that the address names, open or over. */
function chosen(open: readonly Incident[]): Incident | undefined {
  const id = place.value.query.get('incident');
  if (id === null) return undefined;
  return [...open, ...shownIncidents.value, ...allIncidents.value].find((one) => one.id === id);
}

function Others({ open, shown }: { open: readonly Incident[]; shown: Incident }) {
  return (
    <div class="side-tabs" role="group" aria-label="Open incidents">
      {open.map((one) => (
        <button
          key={one.id}
          type="button"
          aria-pressed={one.id === shown.id}
          onClick={() => setQuery({ incident: one.id })}
        >
          {originName(one.origin)}
        </button>
      ))}
    </div>
  );
}

function FaultPanel({ target }: { target: string }) {
  return (
    <div class="side-panel">
      <h2>Break something for a while</h2>
      <FaultForm key={target} target={target} onDone={() => select(undefined)} />
    </div>
  );
}
