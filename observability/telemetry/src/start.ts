/**
 * Preloaded before a service: `node --import @faultline/telemetry/start src/main.ts`.
 * Installs no signal handler: a process that telemetry ends, or keeps alive, cannot drain.
 */
import { readTelemetryConfig } from './config.ts';
import { enableInstrumentations } from './instrumentations.ts';
import { patchImportedPackages } from './patching.ts';
import { startTracing } from './tracing.ts';

const config = readTelemetryConfig();
if (!config.disabled) {
  startTracing(config);
  enableInstrumentations();
  patchImportedPackages();
}
