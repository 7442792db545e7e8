import { useMemo } from 'preact/hooks';
import { Link } from '../core/link.tsx';
import { useAsked } from '../core/query.ts';
import type { ViewProps } from '../core/router.ts';
import { place, setQuery } from '../core/url.ts';
import { EventsView } from './events-view.tsx';
import { FlameView } from './flame-view.tsx';
import { loadTrace } from './load-trace.ts';
import { showTrace } from './model/shown-trace.ts';
import type { Trace } from './model/span.ts';
import { StatisticsView } from './statistics-view.tsx';
import { Timeline } from './timeline.tsx';
import { TraceHead } from './trace-head.tsx';
import { TraceProblem } from './trace-problem.tsx';

const views = {
  timeline: { name: 'Timeline', View: Timeline },
  flame: { name: 'Flame graph', View: FlameView },
  statistics: { name: 'Statistics', View: StatisticsView },
  events: { name: 'Events', View: EventsView },
} as const;

type ViewName = keyof typeof views;

function isViewName(text: string): text is ViewName {
  return Object.hasOwn(views, text);
}

/** One trace: `/traces/:id`. */
export function TraceView({ params: { id = '' } }: ViewProps) {
  const asked = useAsked(id, (signal) => loadTrace(id, signal));
  if (asked.value) return <LoadedTrace key={id} trace={asked.value} />;
  return (
    <div class="page">
      <h1>Trace</h1>
      {asked.error ? (
        <TraceProblem error={asked.error} again={asked.again} />
      ) : (
        <p class="empty">Loading the trace …</p>
      )}
    </div>
  );
}

function LoadedTrace({ trace }: { trace: Trace }) {
  const { query } = place.value;
  const sidecars = query.get('sidecars') === 'shown' ? 'shown' : 'folded';
  const wanted = query.get('view') ?? '';
  const view: ViewName = isViewName(wanted) ? wanted : 'timeline';
  const shown = useMemo(() => showTrace(trace, { sidecars }), [trace, sidecars]);
  const { View } = views[view];
  return (
    <div class="trace-page">
      <TraceHead shown={shown} sidecars={sidecars} />
      <nav class="trace-tabs" aria-label="Views of the trace">
        {Object.entries(views).map(([name, { name: title }]) => (
          <Link
            key={name}
            href={viewAddress(name)}
            aria-current={name === view ? 'true' : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      <View shown={shown} onSelect={(span) => setQuery({ span, view: undefined })} />
    </div>
  );
}

function viewAddress(view: string): string {
  const { path, query } = place.value;
  const changed = new URLSearchParams(query);
  if (view === 'timeline') changed.delete('view');
  else changed.set('view', view);
  return changed.size === 0 ? path : `${path}?${changed}`;
}
