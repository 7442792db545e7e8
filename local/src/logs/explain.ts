import { join } from 'node:path';
import { PodFailure } from '../pods/failure.ts';
import { lastLines } from './tail.ts';

/** A pod's failure with the last lines it wrote. */
export async function explainFailure(error: unknown, logsDir: string): Promise<unknown> {
  if (!(error instanceof PodFailure)) return error;
  const { deployment, name, restarts, sidecarRestarts } = error.pod;
  const file = restarts >= sidecarRestarts ? `${name}.log` : `${name}.proxy.log`;
  const path = join(logsDir, deployment.service, file);
  const lines = await lastLines(path, 20);
  return new Error([error.message, ...lines, `(from ${path})`].join('\n'), { cause: error });
}

/** Rejects with what {@link explainFailure} makes of an error. */
export function explaining(logsDir: string): (error: unknown) => Promise<never> {
  return async (error) => {
    throw await explainFailure(error, logsDir);
  };
}
