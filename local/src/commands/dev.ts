import { watch } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@faultline/chassis/clock';
import { connectEngine, type ControlClient } from '../control/client.ts';
import { linkedWorkspaces } from '../rollouts/releases/workspaces.ts';
import { printJson, type Command, type Invocation } from './command.ts';

/** Editors save in several steps. */
const quietMs = 80;
const ignored = /(^|\/)(node_modules|dist|test|\.git)(\/|$)|\.test\.ts$|~$/;

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

/** What is saved in some folders; saves that come close together are one change. */
class Changes {
  readonly #stopped = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(folders: readonly string[]) {
    const { signal } = this.#stopped;
    for (const folder of folders) {
      const watcher = watch(folder, { recursive: true, signal }, (_, name) => {
        if (name === null || !ignored.test(name)) this.#changed.resolve();
      });
      // A folder that goes away is reported by the deploy that misses it.
      watcher.on('error', () => this.#changed.resolve());
    }
  }

  /** Resolves after the next change; false when nobody asks any more. */
  async next(): Promise<boolean> {
    await this.#changed.promise;
    await systemClock.sleep(quietMs, this.#stopped.signal);
    this.#changed = Promise.withResolvers<void>();
    return !this.#stopped.signal.aborted;
  }

  stop(): void {
    this.#stopped.abort();
    this.#changed.resolve();
  }
}
