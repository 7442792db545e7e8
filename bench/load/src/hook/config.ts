import { httpUrl, loadConfig, serviceConfig } from '@faultline/chassis/config';

/** Reads the environment of the load generator; `LOAD_TARGET` is the gateway. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env) {
  return loadConfig({ ...serviceConfig, LOAD_TARGET: httpUrl.prefault('http://gateway') }, env);
}
