import { useRef } from 'preact/hooks';
import { formatShare, formatTime } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { allIncidents, shownMs } from '../core/live.ts';
import type { ViewProps } from '../core/router.ts';
import { originName } from '../core/story.ts';
import { address } from '../core/url.ts';
import type { Incident } from '../core/wire.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { importIncident } from './export.ts';
import { IncidentPanel } from './incident-panel.tsx';
import { durationOf } from './words.ts';

/** Everything that broke, the latest first. */
export function IncidentsView() {
  const incidents = allIncidents.value.toReversed().filter(isItsOwn);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Incidents</h1>
        <ImportButton />
      </div>
      {incidents.length === 0 ? (
        <p class="panel empty">
          Nothing broke so far. <Link href={address('/faults')}>Break something</Link> and watch.
        </p>
      ) : (
        <div class="panel">
          <table>
            <thead>
              <tr>
                <th scope="col">What broke first</th>
                <th scope="col">In one sentence</th>
                <th scope="col">Since</th>
                <th scope="col" class="number">
                  Lasted
                </th>
                <th scope="col" class="number">
                  Requests hit
                </th>
              </tr>
            </thead>
            <tbody>
              {incidents.map((incident) => (
                <Row key={incident.id} incident={incident} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

/** What turned out to follow from another is told there. */
function isItsOwn({ merged_into }: Incident): boolean {
  return merged_into === undefined;
}

function Row({ incident }: { incident: Incident }) {
  const { id, origin, sentence, onset, share_hit, state } = incident;
  return (
    <tr>
      <td class="incident-name">
        <Link href={address(`/incidents/${id}`)}>{originName(origin)}</Link>
        <StateBadge
          state={state === 'open' ? 'origin' : 'unknown'}
          word={state === 'open' ? 'Open' : 'Over'}
        />
      </td>
      <td>{sentence}</td>
      <td>
        <time dateTime={onset}>{formatTime(onset)}</time>
      </td>
      <td class="number">{durationOf(incident, shownMs.value)}</td>
      <td class="number">{formatShare(share_hit)}</td>
    </tr>
  );
}

function ImportButton() {
  const field = useRef<HTMLInputElement>(null);
  const open = (event: Event) => {
    const input = event.currentTarget;
    const file = input instanceof HTMLInputElement ? input.files?.[0] : undefined;
    if (file) void importIncident(file);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => field.current?.click()}>
        Open a saved incident
      </button>
      <input
        ref={field}
        class="visually-hidden"
        type="file"
        accept="application/json,.json"
        aria-label="A saved incident"
        tabIndex={-1}
        onChange={open}
      />
    </>
  );
}

/** One incident, for a link that lasts as long as the store remembers it. */
export function IncidentView({ params }: ViewProps) {
  const incident = allIncidents.value.find(({ id }) => id === params['id']);
  return (
    <div class="page">
      <p>
        <Link href={address('/incidents')}>All incidents</Link>
      </p>
      <h1 class="visually-hidden">Incident</h1>
      {incident ? (
        <div class="panel incident-page">
          <IncidentPanel incident={incident} />
        </div>
      ) : (
        <p class="panel empty">No incident of that name is remembered.</p>
      )}
    </div>
  );
}
