import { spawn } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileCacheDir, root } from './config.ts';

// Starts every program of a system once, without the environment it needs: each loads all it would
// use and refuses to run. So Node's compile cache (NODE_COMPILE_CACHE, set by the set-up) has it, and
// the first real start neither strips types nor compiles a dozen times over.
const telemetry = ['--import', '@faultline/telemetry/start'];
const programs = [
  ['local/bin/faultline.mjs', '--help'],
  ['mesh/proxy/dist/main.cjs'],
  ['observability/store/src/main.ts'],
  ...globSync('services/*/sandbox/main.ts', { cwd: root }).map((file) => [file]),
  ...globSync('services/*/src/main.ts', { cwd: root }).map((file) => [...telemetry, file]),
];
// What a program might do by default is made impossible.
const nothing = { STORE_LISTEN_QUERY: 'nowhere', LISTEN_HTTP: 'nowhere' };
const timeoutMs = 20_000;

function runOnce(args: readonly string[]): Promise<void> {
  const file = args.find((arg) => /^[a-z].*\.(ts|[cm]js)$/.test(arg)) ?? '';
  const cwd = join(root, dirname(file), file.startsWith('services/') ? '..' : '');
  const env = { ...nothing, NODE_COMPILE_CACHE: compileCacheDir };
  const made = args.map((arg) => (arg === file ? join(root, file) : arg));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, made, { cwd, env, stdio: 'ignore', timeout: timeoutMs });
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
}

// Each system runs its services from a folder of its own, and what was compiled for it stays: who sets
// up anew begins anew.
if (compileCacheDir !== undefined) rmSync(compileCacheDir, { recursive: true, force: true });
// Two at a time, the first alone: what it has compiled the others find.
const [first = [], ...others] = programs;
await runOnce(first);
const worker = async () => {
  for (let next = others.shift(); next !== undefined; next = others.shift()) await runOnce(next);
};
await Promise.all([worker(), worker()]);
