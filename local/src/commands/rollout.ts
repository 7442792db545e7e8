import { systemClock } from '@faultline/chassis/clock';
import { connectEngine } from '../control/client.ts';
import { formatReport } from '../rollouts/report.ts';
import { formatTable } from '../ui/table.ts';
import { followRollout, followStatus, formatRollout } from '../ui/rollout-view.ts';
import { printJson, textFlag, UsageError, type Command, type Invocation } from './command.ts';

/** Flagger looks every ten seconds, and each look of ours is several commands. */
const clusterPeriodMs = 5_000;

const actions = ['status', 'pause', 'resume', 'promote', 'abort', 'reports'] as const;

export const rollout: Command = {
  name: 'rollout',
  args: `<${actions.join('|')}> <service>`,
  summary: 'Show what a new version on trial is at, or decide about it',
  example: 'faultline rollout status catalog --watch',
  options: {
    watch: { type: 'boolean', help: 'with status: until the rollout is over' },
    context: {
      type: 'string',
      help: 'with status: of the cluster that kubectl knows by this name',
    },
    namespace: { type: 'string', help: 'with --context: where the shop is (default shop)' },
  },
  async run(invocation) {
    const [name = '', service = ''] = invocation.args;
    const action = actions.find((one) => one === name);
    if (action === undefined) {
      throw new UsageError(`rollout: expected one of ${actions.join(', ')}, not '${name}'`);
    }
    const context = textFlag(invocation, 'context');
    if (context !== undefined) return showOfCluster(invocation, { context, action, service });
    if (invocation.flags['namespace'] !== undefined) {
      throw new UsageError('rollout: --namespace is of a cluster, and needs --context');
    }
    const engine = await connectEngine(invocation.dataDir);
    if (action === 'reports') {
      const answer = await engine.call('reports', { service });
      if (invocation.json) printJson(invocation, answer);
      else {
        const texts = answer.reports.map((report) => formatReport(report, formatTable));
        invocation.terminal.out(texts.join('\n') || 'There was none yet.\n');
      }
      return 0;
    }
    const isWatched = action === 'status' && invocation.flags['watch'] === true;
    const answer = isWatched
      ? await followRollout(engine, { service, invocation })
      : await engine.call('rollout', { service, action });
    if (invocation.json) printJson(invocation, answer);
    else if (!isWatched) invocation.terminal.out(formatRollout(answer));
    return 0;
  },
};

/** What Flagger and Prometheus say of it; the rest is steered by Tilt's buttons and kubectl. */
async function showOfCluster(
  invocation: Invocation,
  { context, action, service }: { context: string; action: string; service: string },
): Promise<number> {
  if (action !== 'status') {
    throw new UsageError(`rollout: expected status with --context, not '${action}'`);
  }
  // Loaded where it is used: no rollout on this machine needs it.
  const { checkName, clusterRollout } = await import('../rollouts/cluster/rollout.ts');
  const namespace = checkName('a namespace', textFlag(invocation, 'namespace') ?? 'shop');
  const canary = checkName('a Canary', service);
  const ask = () => clusterRollout(canary, { cluster: { context, namespace }, clock: systemClock });
  const isWatched = invocation.flags['watch'] === true;
  const status = isWatched
    ? await followStatus(ask, { invocation, periodMs: clusterPeriodMs })
    : await ask();
  if (invocation.json) printJson(invocation, status);
  else if (!isWatched) invocation.terminal.out(formatRollout(status));
  return 0;
}
