import { endWithParent, main, serve } from './run.ts';

/*
 * `node tilt/cluster/leashed.ts PROGRAM ARGUMENT…` serves what would outlive a Tilt that is killed, and
 * keep its ports from the next one.
 */
await main(async () => {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined) throw new Error('expected a program and its arguments');
  endWithParent();
  process.exitCode = (await serve([program, ...args])) ?? 1;
});
