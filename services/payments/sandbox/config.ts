import { loadConfig, serviceConfig } from '@faultline/chassis/config';
import { z } from 'zod';

/** Reads the environment of the sandbox provider; `DATA_DIR` is where it keeps its charges. */
export function readConfig() {
  return loadConfig({ ...serviceConfig, DATA_DIR: z.string().min(1) }, process.env);
}
