import { connectEngine } from '../control/client.ts';
import { printJson, wholeNumber, type Command } from './command.ts';

export const scale: Command = {
  name: 'scale',
  args: '<service> <n>',
  summary: 'Run n instances of a service',
  example: 'faultline scale inventory 2',
  options: {},
  async run(invocation) {
    const [service = '', count = ''] = invocation.args;
    const replicas = wholeNumber('scale', count);
    const engine = await connectEngine(invocation.dataDir);
    const answer = await engine.call('scale', { service, replicas });
    if (invocation.json) printJson(invocation, answer);
    else {
      const names = answer.instances.map(({ name }) => name).join(', ') || 'none';
      invocation.terminal.out(`${service}: ${answer.instances.length} instances: ${names}\n`);
      if (answer.autoscaler && count !== '0') {
        const { min, max } = answer.autoscaler;
        const range = `between ${min} and ${max}`;
        invocation.terminal.out(`Its autoscaler has the next word, ${range}.\n`);
      }
    }
    return 0;
  },
};
