import { formatTime } from '../core/format.ts';
import { connection, followNow, isLive, shownIncidents, shownMs } from '../core/live.ts';
import { imported } from '../core/imported.ts';
import { openIncidents } from '../core/story.ts';
import { setQuery } from '../core/url.ts';

const words = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost' } as const;

/** Whether the page is live, which moment it shows, and whether all is well. */
export function StatusBar() {
  const back = () => {
    followNow();
    setQuery({ at: undefined });
  };
  if (!isLive.value) {
    return (
      <div class="status-bar past">
        <span>
          {imported.value ? `${imported.value.name}, ` : 'As it was at '}
          <time>{formatTime(shownMs.value)}</time>
        </span>
        <button type="button" class="button small" onClick={back}>
          Back to live
        </button>
      </div>
    );
  }
  const open = openIncidents(shownIncidents.value).length;
  const well = open === 0 ? 'all well' : open === 1 ? '1 incident' : `${open} incidents`;
  const state = connection.value;
  return (
    <div class={`status-bar ${state} ${open > 0 ? 'broken' : ''}`} role="status">
      <span class="dot" aria-hidden="true" />
      {words[state]}
      {state === 'live' && <span class="well">{well}</span>}
    </div>
  );
}
