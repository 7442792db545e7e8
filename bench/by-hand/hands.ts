import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@faultline/chassis/testing/eventually';
import { z } from 'zod';

const TRIAL_BEGINS_WITHIN_MS = 60_000;

const status = z.object({
  services: z.array(
    z.object({ name: z.string(), instances: z.array(z.object({ name: z.string() })) }),
  ),
  links: z.record(z.string(), z.string()),
});

const incidents = z.object({
  incidents: z.array(
    z.object({
      state: z.string(),
      merged_into: z.string().optional(),
      sentence: z.string(),
      origin: z.object({
        kind: z.string(),
        service: z.string(),
        instance: z.string().optional(),
        edge: z.object({ from: z.string(), to: z.string() }).optional(),
      }),
    }),
  ),
});

const topology = z.object({ nodes: z.array(z.object({ waiting: z.number().default(0) })) });

const rollout = z.object({ weight: z.number() });

export type Said = z.infer<typeof incidents>['incidents'][number];

/** Gives the commands that a user gives, to a system of its own. */
export class Hands {
  readonly #root: string;
  readonly #dataDir: string;
  readonly #begun: ReturnType<typeof spawn>[] = [];
  #observer = '';

  /** Rejects when the system does not come up. */
  static async start(options: { root: string; dataDir: string }): Promise<Hands> {
    const hands = new Hands(options);
    await hands.run('up --detach --ports auto');
    const { links } = status.parse(JSON.parse(await hands.run('status --json')));
    hands.#observer = links['Traces'] ?? '';
    return hands;
  }

  private constructor({ root, dataDir }: { root: string; dataDir: string }) {
    this.#root = root;
    this.#dataDir = dataDir;
  }

  /** What the command printed; rejects when it fails. */
  async run(command: string): Promise<string> {
    const done = promisify(execFile)(process.execPath, this.#args(command), { cwd: this.#root });
    return (await done).stdout;
  }

  /** Begins a command that goes on by itself. */
  begin(command: string): void {
    const child = spawn(process.execPath, this.#args(command), {
      cwd: this.#root,
      stdio: 'ignore',
    });
    this.#begun.push(child);
  }

  /** Names of the instances of each service. */
  async instances(): Promise<Map<string, string[]>> {
    const { services } = status.parse(JSON.parse(await this.run('status --json')));
    return new Map(services.map((one) => [one.name, one.instances.map(({ name }) => name)]));
  }

  /** Resolves when a new version of the service gets its first share of the requests; rejects when late. */
  async untilOnTrial(service: string): Promise<void> {
    await eventually(async () => {
      const { weight } = rollout.parse(
        JSON.parse(await this.run(`rollout status ${service} --json`)),
      );
      if (weight === 0) throw new Error(`no version of ${service} is on trial yet`);
    }, TRIAL_BEGINS_WITHIN_MS);
  }

  /** What is named as broken now: what `faultline why` tells the worst of. */
  async incidents(): Promise<Said[]> {
    const reply = await fetch(new URL('api/incidents', this.#observer));
    return incidents
      .parse(await reply.json())
      .incidents.filter(({ state, merged_into: into }) => state === 'open' && into === undefined);
  }

  /** How many entries wait in queues. */
  async waiting(): Promise<number> {
    const reply = await fetch(new URL('api/topology', this.#observer));
    const { nodes } = topology.parse(await reply.json());
    return nodes.reduce((sum, node) => sum + node.waiting, 0);
  }

  /** The sentence of `faultline why`. */
  async why(): Promise<string> {
    return (await this.run('why')).split('\n', 1)[0] ?? '';
  }

  async stop(): Promise<void> {
    for (const child of this.#begun) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await this.run('down');
  }

  #args(command: string): string[] {
    const program = join(this.#root, 'local/bin/faultline.mjs');
    return [program, ...command.split(' '), '--data-dir', this.#dataDir];
  }
}
