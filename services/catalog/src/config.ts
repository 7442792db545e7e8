import {
  loadConfig,
  postgresConfig,
  redisConfig,
  seedConfig,
  serviceConfig,
} from '@faultline/chassis/config';

/** The environment, read once. */
export function readConfig() {
  return loadConfig(
    { ...serviceConfig, ...postgresConfig, ...redisConfig, ...seedConfig },
    process.env,
  );
}
