import { createRequire } from 'node:module';

/**
 * Loads one of OpenTelemetry's packages as CommonJS: the same code as ES modules takes 6 MB more in
 * each process. Everything of ours loads them this way, or both copies would be loaded.
 */
export const requireOtel: NodeJS.Require = createRequire(import.meta.url);

/** The OpenTelemetry API. Types come from `@opentelemetry/api` by `import type`. */
export const api: typeof import('@opentelemetry/api') = requireOtel('@opentelemetry/api');
