import type { Clock } from '@faultline/chassis/clock';
import type { EngineEvent } from '../engine-types.ts';
import type { Terminal } from './terminal.ts';

type Line = { component: string; state: string; reason: string; atMs: number };

/**
 * Shows components as they change: on a terminal one line each, rewritten in place until
 * `settle()`; elsewhere, and afterwards, one line per change.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #inPlace: boolean;
  readonly #write: (text: string) => void;
  readonly #lines = new Map<string, Line>();
  #drawn = 0;
  #settled = false;

  constructor(options: { terminal: Terminal; clock: Clock; write(text: string): void }) {
    this.#terminal = options.terminal;
    this.#clock = options.clock;
    this.#write = options.write;
    this.#inPlace = options.terminal.interactive;
    this.#startedMs = options.clock.monotonic();
  }

  show({ component, state, reason = '' }: EngineEvent): void {
    const line = { component, state, reason, atMs: this.#clock.monotonic() - this.#startedMs };
    this.#lines.set(component, line);
    // Lines that have scrolled out of the window cannot be rewritten.
    const fits = this.#lines.size < this.#terminal.rows();
    if (this.#inPlace && !this.#settled && fits) this.#draw();
    else this.#write(`${this.#format(line)}\n`);
  }

  /** From now on changes are news, not progress. */
  settle(): void {
    this.#settled = true;
  }

  elapsedMs(): number {
    return this.#clock.monotonic() - this.#startedMs;
  }

  #draw(): void {
    const lines = [...this.#lines.values()].toSorted((a, b) =>
      a.component < b.component ? -1 : 1,
    );
    const up = this.#drawn > 0 ? `\u001B[${this.#drawn}A` : '';
    const text = lines.map((line) => `\u001B[2K${this.#format(line)}\n`).join('');
    this.#drawn = lines.length;
    this.#write(up + text);
  }

  #format({ component, state, reason, atMs }: Line): string {
    const style =
      state === 'Ready' ? 'green' : /Crash|Restart|Unready/.test(state) ? 'red' : 'yellow';
    const [firstLine = ''] = reason.split('\n', 1);
    const width = Math.max(20, this.#terminal.columns() - 60);
    const seconds = `${(atMs / 1000).toFixed(1)} s`.padStart(7);
    const { paint } = this.#terminal;
    const text = `${component.padEnd(32)} ${paint(style, state.padEnd(16))}`;
    return `${text} ${paint('dim', seconds)}  ${firstLine.slice(0, width)}`.trimEnd();
  }
}
