import type { Route } from '../core/router.ts';
import { FaultsView } from '../faults/faults-view.tsx';
import { IncidentsView, IncidentView } from '../incident/incidents-view.tsx';
import { LiveView } from '../live/live-view.tsx';
import { RolloutsView, RolloutView } from '../rollouts/rollouts-view.tsx';

/** Every view, in one table. The first that fits an address is shown. */
export const routes: readonly Route[] = [
  { pattern: '/', title: 'Live', section: '/', view: LiveView },
  { pattern: '/incidents', title: 'Incidents', section: '/incidents', view: IncidentsView },
  { pattern: '/incidents/:id', title: 'Incident', section: '/incidents', view: IncidentView },
  { pattern: '/rollouts', title: 'Rollouts', section: '/rollouts', view: RolloutsView },
  { pattern: '/rollouts/:service', title: 'Rollout', section: '/rollouts', view: RolloutView },
  { pattern: '/faults', title: 'Faults', section: '/faults', view: FaultsView },
  {
    pattern: '/traces',
    title: 'Traces',
    section: '/traces',
    load: async () => (await import('../traces/search-view.tsx')).SearchView,
  },
  {
    pattern: '/traces/compare',
    title: 'Compare traces',
    section: '/traces',
    load: async () => (await import('../traces/compare-view.tsx')).CompareView,
  },
  {
    pattern: '/traces/:id',
    title: 'Trace',
    section: '/traces',
    load: async () => (await import('../traces/trace-view.tsx')).TraceView,
  },
  {
    pattern: '/services',
    title: 'Services',
    section: '/services',
    load: async () => (await import('../service/services-view.tsx')).ServicesView,
  },
  {
    pattern: '/services/:name',
    title: 'Service',
    section: '/services',
    load: async () => (await import('../service/service-view.tsx')).ServiceView,
  },
  {
    pattern: '/metrics',
    title: 'Metrics',
    section: '/metrics',
    load: async () => (await import('../metrics/metrics-view.tsx')).MetricsView,
  },
];

/** The navigation, in its order. `needsEngine`: without an engine to ask there is nothing to show. */
export const sections: readonly { path: string; name: string; needsEngine?: boolean }[] = [
  { path: '/', name: 'Live' },
  { path: '/incidents', name: 'Incidents' },
  { path: '/traces', name: 'Traces' },
  { path: '/services', name: 'Services' },
  { path: '/rollouts', name: 'Rollouts', needsEngine: true },
  { path: '/faults', name: 'Faults', needsEngine: true },
  { path: '/metrics', name: 'Metrics' },
];
