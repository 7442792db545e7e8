import { startEngine } from '../src/engine.ts';
import type { Engine, EngineEvent } from '../src/engine-types.ts';
import { fixture } from './command.ts';
import { get } from './http.ts';
import { TempDir } from './temp-dir.ts';

/** A system of the two example services, stopped at the end of its scope. */
export class System implements AsyncDisposable {
  readonly dir = new TempDir();
  readonly events: EngineEvent[] = [];
  engine!: Engine; // set by start(), which is the only way to get one

  static async start(set: string[] = []): Promise<System> {
    const system = new System();
    const { dir, events } = system;
    const onEvent = (event: EngineEvent) => void events.push(event);
    const options = {
      root: fixture,
      dataDir: dir.path,
      ports: 'auto',
      observed: false,
      set,
      onEvent,
    } as const;
    system.engine = await startEngine(options);
    return system;
  }

  get url(): string {
    return this.engine.links['Shop'] ?? '';
  }

  async env(): Promise<Record<string, string>> {
    return JSON.parse((await get(`${this.url}env`)).body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
    this.dir[Symbol.dispose]();
  }
}
