import { askObserver } from '../observers/ask.ts';
import { printJson, type Command } from './command.ts';

/** What `/api/incidents/current` answers, as far as it is shown. */
type Current = {
  incident: {
    sentence: string;
    onset: string;
    confidence: number;
    share_hit: number;
    victims: { service: string; failed: number; slow: number; requests: number }[];
    absorbed: { by: string; service: string; count: number }[];
    propagation: { service: string; at: string; effect: string }[];
    suspected_change: { detail: string; service: string; evidence: string } | null;
    traces: string[];
  } | null;
};

export const why: Command = {
  name: 'why',
  args: '',
  summary: 'Say in one sentence who broke first, and what followed',
  example: 'faultline why',
  options: {},
  async run(invocation) {
    // The observer is of this same release.
    const answer = (await askObserver(invocation.dataDir, 'api/incidents/current')) as Current;
    if (invocation.json) printJson(invocation, answer);
    else invocation.terminal.out(`${tell(answer).join('\n')}\n`);
    return 0;
  },
};

function tell({ incident }: Current): string[] {
  if (incident === null) return ['Nothing is broken.'];
  const startedMs = Date.parse(incident.onset);
  const steps = incident.propagation.map(({ service, at, effect }) => {
    const afterMs = Date.parse(at) - startedMs;
    return `  +${(afterMs / 1000).toFixed(1).padStart(5)} s  ${service} ${effect}`;
  });
  const absorbed = incident.absorbed.map(
    ({ by, service, count }) => `  ${by} in ${service}: ${count} requests`,
  );
  const change = incident.suspected_change;
  return [
    incident.sentence,
    '',
    `Since ${incident.onset}, ${(incident.share_hit * 100).toFixed(1)} % of requests hit, ` +
      `confidence ${incident.confidence.toFixed(2)}`,
    ...(steps.length > 0 ? ['', 'How it travelled', ...steps] : []),
    ...(absorbed.length > 0 ? ['', 'Absorbed by', ...absorbed] : []),
    ...(change
      ? ['', `Suspected change: ${change.service} ${change.detail}: ${change.evidence}`]
      : []),
    ...(incident.traces.length > 0 ? ['', `See faultline trace ${incident.traces[0]}`] : []),
  ];
}
