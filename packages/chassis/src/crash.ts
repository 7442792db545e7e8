import { appendFileSync } from 'node:fs';

/** Ends the process at named points of its code; absent outside tests. */
export type CrashPoint = (name: string) => void;

/**
 * Kills the process with SIGKILL when it passes the first of the points that `names` lists,
 * separated by commas, as power loss would. That point's name is added to `reportFile`, a line for
 * each death. Undefined when `names` is.
 * @throws Error when `names` is of another form.
 */
export function crashPoint(names: string | undefined, reportFile?: string): CrashPoint | undefined {
  if (!names) return undefined;
  const deadly = new Set(names.split(','));
  for (const name of deadly) {
    if (!/^[\w.-]+$/.test(name)) {
      throw new Error(`CRASH_POINTS is '${names}', expected names, separated by commas`);
    }
  }
  return (name) => {
    if (!deadly.has(name)) return;
    if (reportFile !== undefined) appendFileSync(reportFile, `${name}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}
