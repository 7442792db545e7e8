import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { connectEngine, type ControlClient } from '../control/client.ts';
import { Changes } from './changes.ts';
import { printJson, type Command, type Invocation } from './command.ts';

export const dev: Command = {
  name: 'dev',
  args: '<service>',
  summary: 'Deploy a service again whenever its code is saved, until Ctrl-C',
  example: 'faultline dev catalog',
  options: {},
  async run(invocation) {
    const [service = ''] = invocation.args;
    const engine = await connectEngine(invocation.dataDir);
    // Known to the engine, and what it links.
    await engine.call('releases', { service });
    // Loaded where it is used: no other command needs it.
    const { linkedWorkspaces } = await import('../rollouts/releases/workspaces.ts');
    const workspaces = await linkedWorkspaces(invocation.root, service);
    const changes = new Changes(workspaces.map(({ folder }) => join(invocation.root, folder)));
    const stop = () => changes.stop();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
    if (!invocation.json) {
      const folders = workspaces.map(({ folder }) => folder).join(', ');
      invocation.terminal.out(`Watching ${folders}. Ctrl-C ends it.\n`);
    }
    while (await changes.next()) await redeploy(engine, { service, invocation });
    return 0;
  },
};

/** An error is for the person to mend: the next save tries again. */
async function redeploy(
  engine: ControlClient,
  { service, invocation }: { service: string; invocation: Invocation },
): Promise<void> {
  const { terminal, json } = invocation;
  const startedMs = systemClock.monotonic();
  try {
    const skip = ['typecheck', 'tests', 'contracts'];
    const reply = await engine.call('deploy', { service, strategy: 'rolling', skip });
    const seconds = ((systemClock.monotonic() - startedMs) / 1000).toFixed(1);
    if (json) printJson(invocation, reply);
    else terminal.out(`${service} ${reply.release.version} serves after ${seconds} s\n`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    terminal.err(`${terminal.paint('red', message)}\n`);
  }
}
