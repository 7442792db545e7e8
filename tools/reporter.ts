import { relative } from 'node:path';
import Mocha from 'mocha';
import { root } from './config.ts';
import { LeakFinder } from './leaks.ts';
import { closingLine, emptyState, indent, section, type RunState } from './run-state.ts';
import { skipReason } from './skip.ts';

const { constants } = Mocha.Runner;

const slowestShown = 10;
const slowFromMs = 500;
/** Sockets that were told to close get this long to be gone before they count as leaked. */
const settleMs = 100;

type FileTotals = { file: string; passed: number; failed: number; skipped: number; since: number };

/** One line per file when all is well; every failure in full; totals on the last line. */
class QuietReporter {
  readonly #out = process.stdout;
  readonly #state: RunState = emptyState();
  readonly #leaks = new LeakFinder();
  readonly #slow: { title: string; ms: number }[] = [];
  readonly #lost = new WeakSet<Promise<unknown>>();
  readonly #skips = new Map<string, string[]>();
  #file: FileTotals | undefined;

  constructor(runner: Mocha.Runner) {
    process.on('unhandledRejection', (reason, promise) => this.#lose(reason, promise));
    runner.on(constants.EVENT_TEST_BEGIN, (test) => this.#begin(test));
    runner.on(constants.EVENT_HOOK_BEGIN, (hook) => this.#begin(hook));
    runner.on(constants.EVENT_TEST_PASS, (test) => this.#pass(test));
    runner.on(constants.EVENT_TEST_FAIL, (test, error: unknown) => this.#fail(test, error));
    runner.on(constants.EVENT_TEST_PENDING, (test) => this.#skip(test));
    runner.on(constants.EVENT_RUN_END, () => this.#endFile());
  }

  /** Mocha calls this after the global teardown. */
  done(_failures: number, exit: (failures: number) => void): void {
    const finish = () => {
      this.#summarise();
      this.#state.finished = true;
      this.#tell();
      if (process.send === undefined) this.#close();
      // Ends only once the text is out: a pipe takes its time.
      this.#out.write('', () => exit(this.#state.failed));
    };
    // Inside its own callback a timer still counts as open.
    setTimeout(() => setImmediate(finish), settleMs);
  }

  #begin(runnable: Mocha.Runnable): void {
    this.#enter(runnable);
    this.#state.current = titleOf(runnable);
    this.#tell();
  }

  #pass(test: Mocha.Test): void {
    this.#enter(test).passed++;
    this.#state.passed++;
    this.#slow.push({ title: titleOf(test), ms: test.duration ?? 0 });
  }

  #fail(test: Mocha.Runnable, error: unknown): void {
    this.#enter(test).failed++;
    this.#report(titleOf(test), error);
  }

  /** Mocha lets a rejection that nobody handles pass unseen; here it is a failure of its own. */
  #lose(reason: unknown, promise: Promise<unknown>): void {
    // Mocha emits the event again, so it comes twice.
    if (this.#lost.has(promise)) return;
    this.#lost.add(promise);
    const title = `Unhandled rejection during: ${this.#state.current}`;
    if (this.#file !== undefined) this.#file.failed++;
    this.#report(title, reason);
  }

  #report(title: string, error: unknown): void {
    this.#state.failed++;
    this.#state.failures.push(title);
    this.#line(`\n✘ ${title}\n${indent(describeError(error))}\n`);
  }

  #skip(test: Mocha.Test): void {
    this.#enter(test).skipped++;
    this.#state.skipped++;
    const reason = skipReason(test);
    this.#skips.set(reason, [...(this.#skips.get(reason) ?? []), titleOf(test)]);
  }

  #enter(runnable: Mocha.Runnable): FileTotals {
    const file = fileOf(runnable) ?? this.#file?.file ?? 'all files';
    if (this.#file?.file === file) return this.#file;
    this.#endFile();
    this.#file = { file, passed: 0, failed: 0, skipped: 0, since: performance.now() };
    return this.#file;
  }

  #endFile(): void {
    if (this.#file === undefined) return;
    const { file, failed, since } = this.#file;
    const seconds = ((performance.now() - since) / 1000).toFixed(1).padStart(6);
    this.#line(`${failed > 0 ? '✘' : '✔'} ${seconds} s  ${file}  ${closingLine(this.#file)}`);
    this.#leaks.mark(file);
    this.#file = undefined;
  }

  #summarise(): void {
    const slow = this.#slow.filter(({ ms }) => ms >= slowFromMs).toSorted((a, b) => b.ms - a.ms);
    const slowest = slow.slice(0, slowestShown);
    const sections = [
      section(
        'Slowest:',
        slowest.map(({ title, ms }) => `${(ms / 1000).toFixed(1)} s  ${title}`),
      ),
      section('Left open:', this.#leaks.report()),
      ...[...this.#skips].map(([reason, titles]) => section(`Skipped: ${reason}`, titles)),
    ];
    this.#line(sections.join(''));
  }

  /** The end of a run that nobody supervises. */
  #close(): void {
    const { failures } = this.#state;
    if (failures.length > 0) this.#line(section('Failed:', failures));
    this.#line(closingLine(this.#state));
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #tell(): void {
    process.send?.(this.#state);
  }
}

function fileOf(runnable: Mocha.Runnable): string | undefined {
  const file = runnable.file ?? runnable.parent?.file;
  return file === undefined ? undefined : relative(root, file);
}

function titleOf(runnable: Mocha.Runnable): string {
  return runnable.titlePath().filter(Boolean).join(' › ');
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `A value was thrown: ${Mocha.utils.stringify(error)}`;
  const text = error.stack ?? error.message;
  // What Mocha and Node add below the test's own lines helps nobody.
  const stack = text.replaceAll(/^ +at .*(?:node_modules\/mocha|node:internal).*\n?/gm, '').trim();
  const cause = error.cause === undefined ? '' : `\nCaused by: ${describeError(error.cause)}`;
  return `${stack}${diffOf(error)}${cause}`;
}

function diffOf(error: Error): string {
  if (!('actual' in error) || !('expected' in error) || !('showDiff' in error)) return '';
  if (error.showDiff !== true) return '';
  const [actual, expected] = [error.actual, error.expected].map(Mocha.utils.stringify);
  const diff = Mocha.reporters.Base.generateDiff(actual ?? '', expected ?? '');
  return `\n${diff.trim()}`.replaceAll(/^\s{6}/gm, '');
}

// Mocha loads reporters with require(): this is the name under which that finds a module's value.
export { QuietReporter as 'module.exports' };
