import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Compiled code is shared by all systems of a checkout, where the checkout can be written. */
export function chooseCompileCacheDir(dataDir: string): string {
  const shared = fileURLToPath(new URL('../../../node_modules/.cache/faultline', import.meta.url));
  try {
    mkdirSync(shared, { recursive: true });
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    return join(dataDir, 'compile-cache');
  }
}
