import { connectEngine } from '../control/client.ts';
import type { Status } from '../status.ts';
import { formatTable } from '../ui/table.ts';
import { printJson, UsageError, type Command } from './command.ts';

const actions = ['on', 'off', 'status'];

export const autoscale: Command = {
  name: 'autoscale',
  args: '<on|off|status>',
  summary: 'Follow the autoscalers of the manifests, by processor time and by what waits in queues',
  example: 'faultline autoscale on',
  options: {},
  async run(invocation) {
    const [action = ''] = invocation.args;
    if (!actions.includes(action)) {
      throw new UsageError(`autoscale: expected one of ${actions.join(', ')}, not '${action}'`);
    }
    const engine = await connectEngine(invocation.dataDir);
    const wanted = action === 'status' ? {} : { on: action === 'on' };
    const answer = await engine.call('autoscale', wanted);
    if (invocation.json) printJson(invocation, { services: answer.services });
    else invocation.terminal.out(`${describeAutoscalers(answer)}\n`);
    return 0;
  },
};

/** A table of what is scaled and why, or that nothing is. */
export function describeAutoscalers({ services }: Pick<Status, 'services'>): string {
  const scaled = services.flatMap(({ name, replicas, autoscaler }) =>
    autoscaler === null ? [] : [{ name, replicas, ...autoscaler }],
  );
  if (scaled.length === 0) return 'Autoscalers are off: instances are as many as you ask for.';
  const rows = scaled.map(({ name, replicas, min, max, reason }) => [
    name,
    String(replicas),
    `${min}-${max}`,
    reason,
  ]);
  return formatTable([['SERVICE', 'REPLICAS', 'RANGE', 'WHY'], ...rows]);
}
