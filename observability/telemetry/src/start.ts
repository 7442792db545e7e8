/**
 * Preloaded before a service: `node --import @faultline/telemetry/start src/main.ts`.
 * Installs no signal handler: a process that telemetry ends, or keeps alive, cannot drain.
 */
import { readTelemetryConfig } from './config.ts';

const config = readTelemetryConfig();
// Whoever wants no telemetry need not load any of it.
if (!config.disabled) {
  const { startTracing } = await import('./tracing.ts');
  const { enableInstrumentations } = await import('./instrumentations.ts');
  const { patchImportedPackages } = await import('./patching.ts');
  startTracing(config);
  enableInstrumentations();
  patchImportedPackages();
}
