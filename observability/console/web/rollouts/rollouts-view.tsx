import { signal } from '@preact/signals';
import { engineState } from '../core/engine.ts';
import { Link } from '../core/link.tsx';
import { useAsked } from '../core/query.ts';
import type { ViewProps } from '../core/router.ts';
import { address } from '../core/url.ts';
import type { NodeState } from '../core/wire.ts';
import { NoEngine } from '../ui/no-engine.tsx';
import { attempt, notify } from '../ui/notices.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { CheckTable, ReportPanel } from './report-panel.tsx';
import { rolloutCalls } from './calls.ts';
import {
  type Action,
  actionsFor,
  isMoving,
  latestChecks,
  type Rollout,
  sortRollouts,
} from './rollout.ts';

const EVERY_MS = 1_500;
/** The service that something is being asked for; one thing at a time. */
const asking = signal<string | undefined>(undefined);

/** How each service's versions roll: what runs, how much it gets, what is checked. */
export function RolloutsView() {
  const asked = useAsked('rollouts', rolloutCalls.all, EVERY_MS);
  if (engineState.value === 'absent') return <NoEngine what="Rollouts" />;
  const rollouts = sortRollouts(asked.value ?? []);
  return (
    <div class="page">
      <h1>Rollouts</h1>
      {asked.error && <p class="problem">{asked.error.message}</p>}
      {asked.value && rollouts.length === 0 && (
        <p class="panel empty">No service of this system has a Canary.</p>
      )}
      <ul class="rollouts">
        {rollouts.map((rollout) => (
          <li key={rollout.service} class={`panel rollout ${isMoving(rollout) ? 'moving' : ''}`}>
            <Card rollout={rollout} again={asked.again} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** One service's rollout, with the report of the last. */
export function RolloutView({ params }: ViewProps) {
  const asked = useAsked('rollouts', rolloutCalls.all, EVERY_MS);
  if (engineState.value === 'absent') return <NoEngine what="Rollouts" />;
  const rollout = asked.value?.find(({ service }) => service === params['service']);
  return (
    <div class="page">
      <p>
        <Link href={address('/rollouts')}>All rollouts</Link>
      </p>
      <h1>{params['service']}</h1>
      {asked.error && <p class="problem">{asked.error.message}</p>}
      {asked.value && !rollout && <p class="panel empty">It has no Canary.</p>}
      {rollout && (
        <>
          <div class="panel rollout">
            <Card rollout={rollout} again={asked.again} hasReport />
          </div>
          {rollout.report && <ReportPanel report={rollout.report} />}
        </>
      )}
    </div>
  );
}

type CardProps = { rollout: Rollout; again(): void };

/** `hasReport`: it stands above its report, to which no link needs to lead. */
function Card({ rollout, again, hasReport = false }: CardProps & { hasReport?: boolean }) {
  const { service, report, message, failed_checks, threshold } = rollout;
  const checks = report && isMoving(rollout) ? latestChecks(report) : [];
  return (
    <>
      <header class="rollout-head">
        <h2>
          <Link href={address(`/rollouts/${encodeURIComponent(service)}`)}>{service}</Link>
        </h2>
        <PhaseBadge rollout={rollout} />
        <Actions rollout={rollout} again={again} />
      </header>
      <Versions rollout={rollout} />
      {message && <p class="muted">{message}</p>}
      {failed_checks > 0 && isMoving(rollout) && (
        <p class="rollout-failing">
          {`${failed_checks} of ${threshold} failed checks: at ${threshold} it is rolled back.`}
        </p>
      )}
      {checks.length > 0 && <CheckTable checks={checks} />}
      {report && !isMoving(rollout) && <Outcome rollout={rollout} hasReport={hasReport} />}
    </>
  );
}

const phaseStates: Readonly<Record<string, readonly [NodeState, string]>> = {
  Failed: ['origin', 'Rolled back'],
  Succeeded: ['healthy', 'Promoted'],
  Initialized: ['unknown', 'At rest'],
  Initializing: ['unknown', 'Starting'],
  Waiting: ['masked', 'Waits for a confirmation'],
  Progressing: ['masked', 'Rolling'],
  WaitingPromotion: ['masked', 'Waits to be promoted'],
  Promoting: ['masked', 'Being promoted'],
  Finalising: ['masked', 'Finishing'],
};

function PhaseBadge({ rollout: { phase, paused } }: { rollout: Rollout }) {
  const [state, word] = phaseStates[phase] ?? ['unknown', phase];
  return <StateBadge state={state} word={paused ? `${word}, paused` : word} />;
}

/** Who runs, and how the traffic is split. */
function Versions({ rollout: { primary, canary, weight } }: { rollout: Rollout }) {
  return (
    <div class="rollout-split">
      <div class="rollout-bar" role="img" aria-label={`${weight} % go to the new version`}>
        <div class="old" style={{ width: `${100 - weight}%` }} />
        {weight > 0 && <div class="new" style={{ width: `${weight}%` }} />}
      </div>
      <p>
        <span class="rollout-old">
          <strong>{primary.version}</strong>{' '}
          {`${100 - weight} %, ${primary.ready} of ${primary.replicas} ready`}
        </span>
        {canary && (
          <span class="rollout-new">
            <strong>{canary.version}</strong>{' '}
            {`${weight} %, ${canary.ready} of ${canary.replicas} ready`}
          </span>
        )}
      </p>
    </div>
  );
}

function Outcome({ rollout, hasReport }: { rollout: Rollout; hasReport: boolean }) {
  const { report, service } = rollout;
  if (!report) return null;
  const { outcome, to_version, requests_met } = report;
  const told = {
    running: `${to_version} is on its way`,
    promoted: `${to_version} was promoted`,
    'rolled-back': `${to_version} was rolled back after ${requests_met} requests had met it`,
    replaced: `${to_version} was overtaken by a newer one`,
  }[outcome];
  return (
    <p>
      {`${told}. `}
      {!hasReport && (
        <Link href={address(`/rollouts/${encodeURIComponent(service)}`)}>Read the report</Link>
      )}
    </p>
  );
}

const actionNames: Readonly<Record<Action, string>> = {
  pause: 'Pause',
  resume: 'Go on',
  promote: 'Promote now',
  abort: 'Roll back',
};

function Actions({ rollout, again }: CardProps) {
  const { service } = rollout;
  const run = async (what: string, act: () => Promise<unknown>) => {
    asking.value = service;
    if (await attempt(`${what} ${service}`, act)) notify('good', `${service}: ${what}, done.`);
    asking.value = undefined;
    again();
  };
  const isBusy = asking.value === service;
  return (
    <div class="rollout-actions">
      {actionsFor(rollout).map((action) => (
        <button
          key={action}
          type="button"
          class={`button small ${action === 'abort' ? 'danger' : ''}`}
          disabled={isBusy}
          aria-label={`${actionNames[action]}: ${service}`}
          onClick={() => void run(action, () => rolloutCalls.act(service, action))}
        >
          {actionNames[action]}
        </button>
      ))}
      {!isMoving(rollout) && (
        <button
          type="button"
          class="button small"
          disabled={isBusy}
          aria-label={`Deploy the working tree: ${service}`}
          onClick={() => void run('deploy', () => rolloutCalls.deploy(service))}
        >
          {isBusy ? 'Deploying …' : 'Deploy the working tree'}
        </button>
      )}
    </div>
  );
}
