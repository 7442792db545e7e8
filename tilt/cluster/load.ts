import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDuration, rate } from './config.ts';
import { main, serve } from './run.ts';
import { root, stateDir } from './steps.ts';

const file = join(stateDir, 'load.pid');

/*
 * `node tilt/cluster/load.ts on` sends people through the shop on port 8080 for DURATION at RPS
 * requests a second; `off` ends that.
 */
await main(async () => {
  const [action = ''] = process.argv.slice(2);
  if (action === 'off') return stop();
  if (action !== 'on') throw new Error(`expected on or off, not '${action}'`);
  stop();
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  writeFileSync(file, String(process.pid));
  const options = ['--rps', String(rate()), '--duration', loadDuration()];
  const faultline = [process.execPath, join(root, 'local/bin/faultline.mjs')] as const;
  await serve([...faultline, 'load', '--target', 'http://127.0.0.1:8080', ...options]);
  rmSync(file, { force: true });
});

/** The process that said it sends load, and what it started. */
function stop(): void {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
  }
  rmSync(file, { force: true });
}
