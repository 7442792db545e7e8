import { systemClock } from '@faultline/chassis/clock';
import type { Invocation } from '../commands/command.ts';
import type { ControlClient } from '../control/client.ts';
import { isUnderWay } from '../rollouts/commands.ts';
import { formatReport, type ReportView } from '../rollouts/report.ts';
import type { RolloutStatus } from '../rollouts/rollout.ts';
import { formatTable } from './table.ts';

const barWidth = 40;

/** A rollout as people are shown it, wherever it comes from. */
type RolloutView = Omit<RolloutStatus, 'phase' | 'report'> & {
  phase: string;
  report: ReportView | null;
  /** What could not be found out, and why. */
  unknown?: readonly string[];
};

/** How often a rollout of the local engine is looked at. */
const localPeriodMs = 250;

/** As `followStatus`, of the local engine. */
export function followRollout(
  engine: ControlClient,
  { service, invocation }: { service: string; invocation: Invocation },
): Promise<RolloutStatus> {
  const ask = () => engine.call('rollout', { service, action: 'status' });
  return followStatus(ask, { invocation, periodMs: localPeriodMs });
}

/** Shows a rollout until it is over: on a terminal in place, elsewhere a line for what happens. */
export async function followStatus<Status extends RolloutView>(
  ask: () => Promise<Status>,
  {
    invocation: { terminal, json },
    periodMs,
  }: { invocation: Pick<Invocation, 'terminal' | 'json'>; periodMs: number },
): Promise<Status> {
  let shown = '';
  for (;;) {
    const status = await ask();
    const isOver = !isUnderWay(status.phase);
    if (!json) {
      const line = progressLine(status);
      if (terminal.interactive) terminal.out(`\r\u001B[2K${line.slice(0, terminal.columns() - 1)}`);
      else if (line !== shown) terminal.out(`${line}\n`);
      shown = line;
    }
    if (isOver) {
      if (!json) terminal.out(`${terminal.interactive ? '\n' : ''}${formatRollout(status)}`);
      return status;
    }
    await systemClock.sleep(periodMs);
  }
}

function progressLine({ phase, weights, paused, message, ...status }: RolloutView): string {
  const filled = Math.round((weights.canary / 100) * barWidth);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
  const share = `${weights.canary} %`.padStart(5);
  const checks = `${status.failed_checks}/${status.threshold} failed checks`;
  return `${bar} ${share}  ${paused ? 'paused' : phase}  ${checks}  ${message ?? ''}`.trimEnd();
}

/** A rollout with its report. */
export function formatRollout(status: RolloutView): string {
  const { service, primary, canary, weights, phase, paused, message, report } = status;
  const { unknown = [] } = status;
  const describe = (role: string, one: { version: string; replicas: number; ready: number }) =>
    [service, role, one.version, `${one.ready}/${one.replicas}`] as const;
  const rows = [
    ['SERVICE', 'ROLE', 'VERSION', 'READY', 'WEIGHT'],
    [...describe('primary', primary), `${weights.primary} %`],
    ...(canary === null ? [] : [[...describe('canary', canary), `${weights.canary} %`]]),
  ];
  const now = `${phase}${paused ? ', paused' : ''}${message === null ? '' : `: ${message}`}`;
  return [
    formatTable(rows),
    `${now}\n`,
    ...(report === null ? [] : ['\n', formatReport(named(report, status), formatTable)]),
    ...(unknown.length === 0 ? [] : ['\n', ...unknown.map((what) => `not known: ${what}\n`)]),
  ].join('');
}

/** Locally there was nothing before when no version is named; elsewhere nobody may know. */
function named(report: ReportView, { unknown }: RolloutView): ReportView {
  const { from_version } = report;
  return { ...report, from_version: from_version ?? (unknown ? 'unknown' : null) };
}
