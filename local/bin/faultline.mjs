#!/usr/bin/env node
// Plain JavaScript that any Node.js from 20 on can run: it sees to it that the rest runs on the
// version the project pins, which also understands TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const pinned = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
const major = Number(process.versions.node.split('.', 1)[0]);

if (major === 24) {
  module.enableCompileCache(
    fileURLToPath(new URL('../../node_modules/.cache/faultline', import.meta.url)),
  );
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(pinned)) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  // The channel tells the other process when this one is killed.
  const child = spawn(pinned, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  // The terminal sends SIGINT to both; the others are passed on. The child decides when to end.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 1);
  });
} else {
  console.error(`faultline: Node.js 24 is not installed (expected ${pinned}); run npm start`);
  process.exitCode = 1;
}
