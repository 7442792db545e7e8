import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './deployed.ts';
import type { SavedRollout } from './ports.ts';
import type { RolloutReport } from './report.ts';

const reportsMax = 20;

type Options = {
  dir: string;
  /** Of the Canary. */
  name: string;
  /** A file is there that says nothing: it is as good as none, and no reason to end. */
  onUnreadable(problem: string): void;
};

/** What outlives the engine of a Canary's rollouts. */
export class RolloutFiles {
  readonly #options: Options;
  #written: RolloutReport | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  async load(): Promise<SavedRollout | undefined> {
    // Written by `save`.
    return (await this.#read(this.#file)) as SavedRollout | undefined;
  }

  async save(saved: SavedRollout): Promise<void> {
    const { report } = saved;
    await writeWhole(this.#file, saved);
    // Written seldom: at its end, and when late requests have been counted.
    if (report === null || report.ended_at === null || report === this.#written) return;
    this.#written = report;
    const all = withLatest(await this.reports(), report);
    await writeWhole(this.#reportsFile, all.slice(0, reportsMax));
  }

  /** How rollouts went that are over, newest first. */
  async reports(): Promise<readonly RolloutReport[]> {
    // Written by `save`.
    return ((await this.#read(this.#reportsFile)) ?? []) as RolloutReport[];
  }

  get #file(): string {
    return join(this.#options.dir, `${this.#options.name}.json`);
  }

  get #reportsFile(): string {
    return join(this.#options.dir, 'reports', `${this.#options.name}.json`);
  }

  async #read(path: string): Promise<unknown> {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      this.#options.onUnreadable(`begin anew without ${path}: ${String(error)}`);
      return undefined;
    }
  }
}

/** The reports with one more, or with one of them as it is by now. */
export function withLatest(past: readonly RolloutReport[], latest: RolloutReport): RolloutReport[] {
  const { started_at, to_version } = latest;
  const isLatest = (one: RolloutReport) =>
    one.started_at === started_at && one.to_version === to_version;
  return [latest, ...past.filter((one) => !isLatest(one))];
}
