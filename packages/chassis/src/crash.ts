/** Ends the process at named points of its code; absent outside tests. */
export type CrashPoint = (name: string) => void;

/**
 * From `name` or `name:count`: kills the process with SIGKILL the count-th time it passes the
 * point, as power loss would. Undefined when `spec` is.
 * @throws Error when `spec` is of another form.
 */
export function crashPoint(spec: string | undefined): CrashPoint | undefined {
  if (!spec) return undefined;
  const [, target, count = '1'] = /^([\w.-]+)(?::([1-9]\d{0,5}))?$/.exec(spec) ?? [];
  if (!target) throw new Error(`CRASH_POINTS is '${spec}', expected name or name:count`);
  let left = Number(count);
  return (name) => {
    if (name === target && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
