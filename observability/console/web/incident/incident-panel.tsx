import { count, formatOffset, formatShare, formatTime } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { shownMs } from '../core/live.ts';
import { originName } from '../core/story.ts';
import { address } from '../core/url.ts';
import type { Incident } from '../core/wire.ts';
import { Fact } from '../ui/fact.tsx';
import { StateBadge, stateShapes } from '../ui/state-badge.tsx';
import { exportIncident } from './export.ts';
import {
  absorbWords,
  durationOf,
  effectStates,
  effectWords,
  originWords,
  symptomWords,
} from './words.ts';

const TRACES_SHOWN = 6;

/** All that is known of an incident, the most important first. */
export function IncidentPanel({ incident }: { incident: Incident }) {
  return (
    <article class="incident" aria-label={`Incident: ${originName(incident.origin)}`}>
      <Head incident={incident} />
      <Propagation incident={incident} />
      <Journeys incident={incident} />
      <Absorbed incident={incident} />
      <Amplified incident={incident} />
      <Suspected incident={incident} />
      <Evidence incident={incident} />
    </article>
  );
}

function Head({ incident }: { incident: Incident }) {
  const { origin, symptom, sentence, onset, share_hit, confidence, traces } = incident;
  const isOpen = incident.state === 'open';
  return (
    <header class="incident-head">
      <p class="incident-kicker">
        <StateBadge
          state={isOpen ? 'origin' : 'unknown'}
          word={isOpen ? 'Broke first' : 'Is over'}
        />
        <span class="muted small">{originWords[origin.kind]}</span>
      </p>
      <h2>{originName(origin)}</h2>
      <p class="incident-symptom">{symptomWords[symptom]}</p>
      <p class="incident-sentence">{sentence}</p>
      {traces[0] !== undefined && (
        <p>
          <Link href={address(`/traces/${traces[0]}`)}>See a request that it hit</Link>
        </p>
      )}
      <dl class="incident-facts">
        <Fact name="of requests hit" value={formatShare(share_hit)} />
        <Fact
          name={isOpen ? `since ${formatTime(onset)}` : `from ${formatTime(onset)}`}
          value={durationOf(incident, shownMs.value)}
        />
        <Fact name="sure" value={formatShare(confidence)} />
      </dl>
    </header>
  );
}

/** Who was hit when, since the first sign of it. */
function Propagation({ incident }: { incident: Incident }) {
  const { propagation, onset } = incident;
  if (propagation.length === 0) return null;
  const startMs = Date.parse(onset);
  return (
    <section>
      <h3>How it travelled</h3>
      <ol class="incident-steps">
        {propagation.map(({ service, at, effect }) => (
          <li key={`${service} ${at} ${effect}`} class={effectStates[effect]}>
            <svg viewBox="0 0 12 12" width="13" height="13" aria-hidden="true">
              <path d={stateShapes[effectStates[effect]]} />
            </svg>
            <span class="what">
              <strong>{service}</strong> {effectWords[effect]}
            </span>
            <time dateTime={at}>{formatOffset(Date.parse(at) - startMs)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Journeys({ incident: { journeys } }: { incident: Incident }) {
  const hit = journeys.filter((one) => one.hit > 0);
  if (hit.length === 0) return null;
  return (
    <section>
      <h3>What people met</h3>
      <ul class="incident-journeys">
        {hit.map(({ name, requests, hit: bad }) => (
          <li key={name}>
            <code>{name}</code>
            <span>{`${bad} of ${requests}`}</span>
            <meter min={0} max={Math.max(1, requests)} value={bad} aria-label={`hit, of ${name}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Absorbed({ incident: { absorbed } }: { incident: Incident }) {
  if (absorbed.length === 0) return null;
  return (
    <section>
      <h3>What kept it from spreading</h3>
      <ul class="incident-list">
        {absorbed.map(({ by, service, count: kept }) => (
          <li key={`${by} ${service}`}>
            <strong>{service}</strong> saved {count(kept, 'request')} {absorbWords[by]}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Amplified({ incident: { amplification } }: { incident: Incident }) {
  if (amplification.length === 0) return null;
  return (
    <section>
      <h3>What made it worse</h3>
      <ul class="incident-list">
        {amplification.map(({ from, to, factor, requests, attempts }) => (
          <li key={`${from} ${to}`}>
            <strong>{`${from} → ${to}`}</strong>
            {` ×${factor.toFixed(1)}: ${Math.round(attempts)} attempts for ${Math.round(requests)} requests`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Suspected({ incident: { suspected_change: change } }: { incident: Incident }) {
  if (!change) return null;
  return (
    <section class="incident-change">
      <h3>What was changed just before</h3>
      <p>
        <strong>{`${change.kind} of ${change.service}`}</strong>
        {change.version === undefined ? '' : ` ${change.version}`}, {change.detail}, at{' '}
        <time dateTime={change.at}>{formatTime(change.at)}</time>
      </p>
      <p class="muted">{change.evidence}</p>
    </section>
  );
}

function Evidence({ incident }: { incident: Incident }) {
  const { traces, id, onset } = incident;
  return (
    <section>
      <h3>Evidence</h3>
      <ul class="incident-traces">
        {traces.slice(0, TRACES_SHOWN).map((trace) => (
          <li key={trace}>
            <Link href={address(`/traces/${trace}`)} aria-label={`Trace ${trace.slice(0, 8)}`}>
              {trace.slice(0, 8)}
            </Link>
          </li>
        ))}
      </ul>
      <p class="incident-actions">
        <Link
          class="button small"
          href={address('/', { at: Date.parse(onset) + 4_000, incident: id })}
        >
          Show its start on the map
        </Link>
        <button type="button" class="button small" onClick={() => void exportIncident(incident)}>
          Save as a file
        </button>
      </p>
    </section>
  );
}
