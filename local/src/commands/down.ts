import { systemClock } from '@faultline/chassis/clock';
import { connectEngine } from '../control/client.ts';
import { EngineError } from '../engine-error.ts';
import { isSameProcess, processIdentity } from '../process/identity.ts';
import { printJson, type Command } from './command.ts';

const timeoutMs = 90_000;

export const down: Command = {
  name: 'down',
  args: '',
  summary: 'Drain and stop the whole system',
  example: 'faultline down --data-dir /tmp/second',
  options: {},
  async run(invocation) {
    const engine = await connectEngine(invocation.dataDir);
    const identity = processIdentity(engine.pid);
    await engine.call('stop', {});
    const deadline = systemClock.monotonic() + timeoutMs;
    while (identity !== undefined && isSameProcess(engine.pid, identity)) {
      if (systemClock.monotonic() > deadline) {
        throw new EngineError(`stop process ${engine.pid}: it still runs after 90 s`);
      }
      await systemClock.sleep(50);
    }
    if (invocation.json) printJson(invocation, { stopped: true });
    else invocation.terminal.out('Stopped.\n');
    return 0;
  },
};
