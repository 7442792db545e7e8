import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './config.ts';

// Loads what the processes of a system load, so that Node's compile cache (NODE_COMPILE_CACHE, set
// by the set-up) has it: without, the first start after an install compiles it a dozen times over.
// Entry points are left out, as they would start what they are for.
const entries = globSync(
  [
    'services/*/src/app.ts',
    'packages/chassis/src/service.ts',
    'observability/telemetry/src/{tracing,instrumentations,patching}.ts',
    'observability/store/src/store.ts',
    'mesh/proxy/src/proxy.ts',
    'local/src/cli.ts',
  ],
  { cwd: root },
);

for (const entry of entries) await import(pathToFileURL(join(root, entry)).href);
process.exit();
