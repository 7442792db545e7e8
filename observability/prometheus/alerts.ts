import type { Timing } from './pace.ts';
import type { Alert, Group } from './rule.ts';

/**
 * What people are told besides burning budgets: that nothing can be told, what will fail soon, and
 * states that hide behind retries and queues.
 */
export function alertGroups(timing: Timing): Group<Alert>[] {
  return [
    { name: 'data', rules: [...dataAlerts(timing), spanAlert(timing)] },
    { name: 'mesh', rules: [...certificateAlerts(), ...meshAlerts(timing)] },
    { name: 'stores-and-queues', rules: storeAlerts(timing) },
  ];
}

function dataAlerts(timing: Timing): Alert[] {
  return [
    {
      alert: 'TargetDown',
      expr: 'up == 0',
      for: timing.hold('10m'),
      labels: { severity: 'ticket' },
      annotations: {
        summary: '{{ $labels.job }} {{ $labels.pod }} ({{ $labels.instance }}) gives no metrics.',
        description: 'It is down, overloaded, or its admin port cannot be reached.',
      },
    },
    {
      alert: 'JourneysUnwatched',
      // Not while everything is just starting.
      expr:
        'absent(up{job="gateway"} == 1)\n' +
        '  and on () time() - process_start_time_seconds{job="prometheus"} > 60',
      for: timing.hold('5m'),
      labels: { severity: 'page' },
      annotations: {
        summary: 'No gateway gives metrics: whether people can buy is unknown.',
        description:
          'All journeys are measured at the gateway, and no other alert can fire for them.',
      },
    },
    {
      alert: 'RulesFailing',
      expr: `increase(prometheus_rule_evaluation_failures_total[${timing.window('5m')}]) > 0`,
      labels: { severity: 'ticket' },
      annotations: {
        summary: 'Rules of {{ $labels.rule_group }} cannot be evaluated.',
        description: 'Alerts that depend on them are silent whatever happens.',
      },
    },
  ];
}

/** What is lost on the way to the trace store. */
function spanAlert(timing: Timing): Alert {
  const dropped = `increase(telemetry_spans_dropped_total[${timing.window('5m')}])`;
  return {
    alert: 'SpansLost',
    expr: `sum by (namespace, service) (${dropped}) > 0`,
    for: timing.hold('5m'),
    labels: { severity: 'ticket' },
    annotations: {
      summary: '{{ $labels.service }} loses spans: traces have gaps.',
      description:
        'The trace store is away, or takes fewer than come. Requests are not slowed down.',
    },
  };
}

/** Certificates last a day at every pace, and are renewed when seven hours are left. */
function certificateAlerts(): Alert[] {
  const expiry = 'control_identity_cert_expiration_timestamp_seconds';
  const levels = [
    ['ticket', 5 * 3_600],
    ['page', 3_600],
  ] as const;
  return levels.map(([severity, leastSeconds]) => ({
    alert: 'SidecarCertificateExpiring',
    // 0 until there is one.
    expr: `(${expiry} > 0) - time() < ${leastSeconds}`,
    labels: { severity },
    annotations: {
      summary:
        'The certificate of {{ $labels.pod }} ends in {{ $value | humanizeDuration }}, ' +
        'and should have been renewed.',
      description:
        'Without one it can neither call nor be called. Look at the control plane’s identity ' +
        'issuer, and at the log of the sidecar.',
    },
  }));
}

function meshAlerts(timing: Timing): Alert[] {
  return [
    {
      alert: 'BreakerOpen',
      // An average, as a shut breaker opens for a probe now and then.
      expr: `avg_over_time(edge:endpoints:pending[${timing.rate}]) >= 0.5`,
      for: timing.hold('30s'),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          '{{ $labels.client }} keeps endpoints of {{ $labels.server }} out: ' +
          '{{ $value | printf "%.1f" }} on average.',
        description:
          'Their breakers are shut, or they cannot be connected to. Others take their share; when ' +
          'none is left, calls fail fast.',
      },
    },
    {
      alert: 'RetryStorm',
      expr: 'edge:retry_amplification:ratio > 1.5 and edge:retries:rate > 1',
      for: timing.hold('1m'),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          '{{ $labels.client }} sends {{ $labels.server }} {{ $value | printf "%.1f" }} requests ' +
          'for each that it was asked for.',
        description:
          'Retries hide a failure from people and load the server that fails. Its attempts’ errors ' +
          'tell what they meet.',
      },
    },
  ];
}

function storeAlerts(timing: Timing): Alert[] {
  return [
    {
      alert: 'StoreDown',
      expr: 'max by (namespace, dependency) (dependency_up) == 0',
      for: timing.hold('1m'),
      labels: { severity: 'page' },
      annotations: {
        summary: '{{ $labels.dependency }} answers none of the services that need it.',
        description:
          'What needs it fails or serves what it remembers; events wait in the outboxes.',
      },
    },
    {
      alert: 'StoreUnreachable',
      // One answer now and then is enough: a busy service asks with little patience.
      expr:
        'max by (namespace, service, dependency) ' +
        `(max_over_time(dependency_up[${timing.hold('2m')}])) == 0\n` +
        '  unless on (namespace, dependency) max by (namespace, dependency) (dependency_up) == 0',
      for: timing.hold('2m'),
      labels: { severity: 'ticket' },
      annotations: {
        summary: '{{ $labels.dependency }} does not answer {{ $labels.service }}, but others.',
        description: 'Look at its database, its pool of connections, and its sidecar.',
      },
    },
    {
      alert: 'EventsNotPublished',
      expr: 'max by (namespace, service) (outbox_oldest_pending_age_seconds) > 15',
      for: timing.hold('1m'),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          'An event of {{ $labels.service }} has waited for {{ $value | humanizeDuration }} ' +
          'to be published.',
        description: 'Its relay does not run, or the stream cannot be reached. Nothing is lost.',
      },
    },
    {
      alert: 'EventBacklog',
      expr: 'service:stream_backlog:max > 50',
      for: timing.hold('5m'),
      labels: { severity: 'ticket' },
      annotations: {
        summary:
          '{{ $labels.service }} is behind: {{ $value }} entries of {{ $labels.stream }} wait.',
        description: 'It does not consume, or slower than they come.',
      },
    },
  ];
}
