import { loadConfig, seedConfig, storeServiceConfig } from '@faultline/chassis/config';

/** The environment, read once. */
export function readConfig() {
  return loadConfig({ ...storeServiceConfig, ...seedConfig }, process.env);
}
