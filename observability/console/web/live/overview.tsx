import { engineState } from '../core/engine.ts';
import { formatRate, formatShare, formatTime } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { changes, shownFrame, shownIncidents, shownMs } from '../core/live.ts';
import { originName } from '../core/story.ts';
import { address } from '../core/url.ts';
import type { Change, Frame } from '../core/wire.ts';
import { Templates } from '../faults/templates.tsx';
import { changeWords, isTold } from '../timeline/change-words.ts';
import { edgeService } from '../map/structure.ts';
import { durationOf } from '../incident/words.ts';

const CHANGES_SHOWN = 5;
const INCIDENTS_SHOWN = 3;

/** What is to be said while nothing is broken. */
export function Overview() {
  const frame = shownFrame.value;
  return (
    <div class="side-panel overview">
      <header>
        <h2 class="overview-title">Nothing is broken</h2>
        {frame && <Rates frame={frame} />}
      </header>
      <Past />
      {engineState.value === 'present' && (
        <section>
          <h3>Break something, and watch it travel</h3>
          <Templates isShort />
        </section>
      )}
      <Recent />
    </div>
  );
}

function Rates({ frame }: { frame: Frame }) {
  const name = edgeService(frame);
  const node = frame.nodes.find((one) => one.name === name);
  if (!node || node.requestsPerSecond === 0) {
    return (
      <p class="muted">
        Nobody is in the shop. <code>npx faultline load</code> sends people through it.
      </p>
    );
  }
  return (
    <p class="overview-rate">
      {`${formatRate(node.requestsPerSecond)} requests at ${node.name}, `}
      {node.errorShare > 0 ? `${formatShare(node.errorShare)} failed` : 'none failed'}
    </p>
  );
}

function Past() {
  const past = shownIncidents.value
    .filter(({ state, merged_into }) => state === 'resolved' && merged_into === undefined)
    .slice(-INCIDENTS_SHOWN)
    .toReversed();
  if (past.length === 0) return null;
  return (
    <section>
      <h3>Was broken</h3>
      <ul class="overview-list">
        {past.map((incident) => (
          <li key={incident.id}>
            <Link href={address(`/incidents/${incident.id}`)}>{originName(incident.origin)}</Link>
            <span class="muted">
              {`${formatTime(incident.onset)}, for ${durationOf(incident, shownMs.value)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Recent() {
  const recent = changes.value
    .filter((change) => isTold(change) && Date.parse(change.at) <= shownMs.value)
    .slice(-CHANGES_SHOWN)
    .toReversed();
  if (recent.length === 0) return null;
  return (
    <section>
      <h3>Was changed</h3>
      <ul class="overview-list">
        {recent.map((change: Change) => (
          <li key={`${change.at} ${change.service} ${change.detail}`}>
            <span>{changeWords(change)}</span>
            <time class="muted" dateTime={change.at}>
              {formatTime(change.at)}
            </time>
          </li>
        ))}
      </ul>
    </section>
  );
}
