/** What a test run tells the process that watches it, after every test. */
export type RunState = {
  /** The test or hook that runs now. */
  current: string;
  passed: number;
  failed: number;
  skipped: number;
  finished: boolean;
};

/** The closing line of a run; scripts read it, so its form is fixed. */
export function closingLine({
  passed,
  failed,
  skipped,
}: Pick<RunState, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Whether a message from a child process is a {@link RunState}. */
export function isRunState(message: unknown): message is RunState {
  return typeof message === 'object' && message !== null && 'finished' in message;
}
