import { formatMs, formatNumber, formatTime } from '../core/format.ts';
import { address } from '../core/url.ts';
import { Link } from '../core/link.tsx';
import { Fact } from '../ui/fact.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import type { Check, Report } from './rollout.ts';

/** What happened to a new version, with every query and its answer. */
export function ReportPanel({ report }: { report: Report }) {
  const { from_version, to_version, requests_met, time_to_detect_ms, time_to_safe_ms } = report;
  return (
    <>
      <section class="panel">
        <h2>{`${from_version ?? 'Nothing'} → ${to_version}`}</h2>
        <dl class="incident-facts rollout-facts">
          <Fact name="requests met it" value={formatNumber(requests_met)} />
          {time_to_detect_ms !== null && (
            <Fact name="until a check failed" value={formatMs(time_to_detect_ms)} />
          )}
          {time_to_safe_ms !== null && (
            <Fact name="until it got no more" value={formatMs(time_to_safe_ms)} />
          )}
        </dl>
        <Weights report={report} />
      </section>
      <section class="panel">
        <h2>Checks</h2>
        <CheckTable checks={report.checks.toReversed()} hasTimes />
      </section>
      <section class="panel">
        <h2>Events</h2>
        <ol class="rollout-events">
          {report.events.map(({ at, message, type }) => (
            <li key={`${at} ${message}`} class={type === 'Warning' ? 'warning' : ''}>
              <time dateTime={at}>{formatTime(at)}</time> {message}
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

/** The share of traffic over time, as steps. */
function Weights({ report: { weights, started_at, ended_at } }: { report: Report }) {
  const last = weights.at(-1);
  if (!last) return <p class="muted">It never got traffic.</p>;
  const startMs = Date.parse(started_at);
  const endMs = Math.max(Date.parse(ended_at ?? last.at), startMs + 1_000);
  const x = (at: string) => ((Date.parse(at) - startMs) / (endMs - startMs)) * 600;
  const y = (weight: number) => 64 - weight * 0.6;
  const steps = weights.map(({ at, weight }) => `H${x(at).toFixed(1)}V${y(weight).toFixed(1)}`);
  const words = weights.map(({ weight, at }) => `${weight} % at ${formatTime(at)}`).join(', ');
  return (
    <figure class="rollout-weights">
      <svg viewBox="0 0 600 68" preserveAspectRatio="none" role="img" aria-label={words}>
        <path d={`M0 64${steps.join('')}H600V64z`} />
      </svg>
      <figcaption class="muted small">{words}</figcaption>
    </figure>
  );
}

export function CheckTable({
  checks,
  hasTimes = false,
}: {
  checks: readonly Check[];
  hasTimes?: boolean;
}) {
  if (checks.length === 0) return <p class="muted">Nothing was checked yet.</p>;
  return (
    <table class="rollout-checks">
      <thead>
        <tr>
          {hasTimes && <th scope="col">At</th>}
          <th scope="col">Check</th>
          <th scope="col">Verdict</th>
          <th scope="col" class="number">
            Value
          </th>
          <th scope="col">Query</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <CheckRow key={`${check.at} ${check.metric}`} check={check} hasTimes={hasTimes} />
        ))}
      </tbody>
    </table>
  );
}

function CheckRow({ check, hasTimes }: { check: Check; hasTimes: boolean }) {
  const { at, weight, metric, query, verdict, value, reason } = check;
  const state = verdict === 'pass' ? 'healthy' : verdict === 'fail' ? 'origin' : 'unknown';
  return (
    <tr>
      {hasTimes && <td>{`${formatTime(at)}, ${weight} %`}</td>}
      <td>{metric}</td>
      <td>
        <StateBadge state={state} word={verdict} />
        {reason && <p class="muted small">{reason}</p>}
      </td>
      <td class="number">{value === null ? '–' : Number(value.toPrecision(4))}</td>
      <td>
        <details>
          <summary>Show</summary>
          <pre>{query}</pre>
          <Link href={address('/metrics', { query })}>Open in metrics</Link>
        </details>
      </td>
    </tr>
  );
}
