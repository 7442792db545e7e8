import { once } from 'node:events';
import type { ExportPipeline } from './export-pipeline.ts';

/**
 * One per process, as OpenTelemetry's own globals are; set while preloading, before any code of a
 * service runs.
 */
let active: ExportPipeline | undefined;

/**
 * Names the pipeline that `flushTelemetry` and `droppedSpans` speak of; undefined when nothing is
 * exported.
 */
export function setActivePipeline(pipeline: ExportPipeline | undefined): void {
  active = pipeline;
}

/**
 * Sends the spans that wait or are under way, for at most `timeoutMs`. Call it last while shutting
 * down: a killed process loses its last spans, which are the interesting ones. Never rejects. True
 * when all was settled in time.
 */
export async function flushTelemetry(timeoutMs: number): Promise<boolean> {
  if (active === undefined) return true;
  const flushed = active.forceFlush().then(() => true);
  const late = once(AbortSignal.timeout(timeoutMs), 'abort').then(() => false);
  return await Promise.race([flushed, late]);
}

/**
 * Spans lost since the start of this process, because the queue was full or the collector did not
 * take them.
 */
export function droppedSpans(): number {
  return active?.droppedSpans ?? 0;
}
