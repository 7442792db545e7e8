import { connectEngine } from '../control/client.ts';
import type { ServiceStatus, Status } from '../status.ts';
import { formatLinks } from '../ui/links.ts';
import { formatTable } from '../ui/table.ts';
import { describeAutoscalers } from './autoscale.ts';
import { printJson, type Command } from './command.ts';

export const status: Command = {
  name: 'status',
  args: '',
  summary: 'Show services, instances, stores and links',
  example: 'faultline status --json',
  options: {
    secrets: { type: 'boolean', help: 'with the stores’ administrator URLs' },
  },
  async run(invocation) {
    const engine = await connectEngine(invocation.dataDir);
    const secrets = invocation.flags['secrets'] === true;
    const answer = await engine.call('status', { secrets });
    if (invocation.json) printJson(invocation, answer);
    else {
      const links = formatLinks(answer.links, invocation.terminal.paint);
      const isScaled = answer.services.some(({ autoscaler }) => autoscaler !== null);
      const scaled = isScaled ? `\n${describeAutoscalers(answer)}\n` : '';
      const table = formatTable(toRows(answer));
      invocation.terminal.out(`${table}\n${scaled}${links.join('\n')}\n`);
    }
    return 0;
  },
};

function toRows({ services, stores }: Status): string[][] {
  const instances = services.flatMap((service) =>
    service.instances.map((one) => [
      one.name,
      one.version,
      shareOf(service, one.role),
      one.ready ? 'yes' : 'no',
      one.state,
      String(one.restarts),
      String(one.pid ?? '-'),
      one.admin_url ?? '-',
    ]),
  );
  const servers = stores.map((store) => [
    store.name,
    '-',
    '-',
    store.ready ? 'yes' : 'no',
    store.ready ? 'Running' : 'Starting',
    String(store.restarts),
    String(store.pid ?? '-'),
    store.admin_url ?? `127.0.0.1:${store.port}`,
  ]);
  const heading = ['INSTANCE', 'VERSION', 'SHARE', 'READY', 'STATE', 'RESTARTS', 'PID', 'ADMIN'];
  return [heading, ...instances, ...servers];
}

/** How much of its service's calls go to a version's instances together. */
function shareOf({ weights }: ServiceStatus, role: 'primary' | 'canary' | null): string {
  return weights === null || role === null ? '-' : `${weights[role]} %`;
}
