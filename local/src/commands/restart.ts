import { connectEngine } from '../control/client.ts';
import { printJson, type Command } from './command.ts';

export const restart: Command = {
  name: 'restart',
  args: '<service|instance|postgres|redis>',
  summary: 'End a service, an instance or a store, and start it again',
  example: 'faultline restart postgres --now',
  options: {
    now: { type: 'boolean', help: 'by SIGKILL, as a crash would, instead of an orderly end' },
  },
  async run(invocation) {
    const [target = ''] = invocation.args;
    const engine = await connectEngine(invocation.dataDir);
    const now = invocation.flags['now'] === true;
    const answer = await engine.call('restart', { target, now });
    if (invocation.json) printJson(invocation, answer);
    else invocation.terminal.out(`${target} is ready again.\n`);
    return 0;
  },
};
