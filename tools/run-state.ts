/** What a test run tells the process that watches it, after every test. */
export type RunState = {
  /** The test or hook that runs now. */
  current: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Titles of what failed. */
  failures: string[];
  finished: boolean;
};

/** Of a run that has not begun. */
export function emptyState(): RunState {
  return { current: '', passed: 0, failed: 0, skipped: 0, failures: [], finished: false };
}

/** The closing line of a run; scripts read it, so its form is fixed. */
export function closingLine({
  passed,
  failed,
  skipped,
}: Pick<RunState, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Headed lines of a report. */
export function section(heading: string, lines: readonly string[]): string {
  return lines.length > 0 ? `\n${heading}\n${indent(lines.join('\n'))}\n` : '';
}

/** Two spaces in front of each line. */
export function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}

/** Whether a message from a child process is a {@link RunState}. */
export function isRunState(message: unknown): message is RunState {
  return typeof message === 'object' && message !== null && 'finished' in message;
}
