import { connectEngine } from '../control/client.ts';
import { formatReport } from '../rollouts/report.ts';
import { formatTable } from '../ui/table.ts';
import { followRollout, formatRollout } from '../ui/rollout-view.ts';
import { printJson, UsageError, type Command } from './command.ts';

const actions = ['status', 'pause', 'resume', 'promote', 'abort', 'reports'] as const;

export const rollout: Command = {
  name: 'rollout',
  args: `<${actions.join('|')}> <service>`,
  summary: 'Show what a new version on trial is at, or decide about it',
  example: 'faultline rollout status catalog --watch',
  options: {
    watch: { type: 'boolean', help: 'with status: until the rollout is over' },
  },
  async run(invocation) {
    const [name = '', service = ''] = invocation.args;
    const action = actions.find((one) => one === name);
    if (action === undefined) {
      throw new UsageError(`rollout: expected one of ${actions.join(', ')}, not '${name}'`);
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
