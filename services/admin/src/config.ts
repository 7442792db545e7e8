import { httpUrl, loadConfig, serviceConfig } from '@faultline/chassis/config';

const shape = {
  ...serviceConfig,
  CATALOG_URL: httpUrl.prefault('http://catalog'),
  INVENTORY_URL: httpUrl.prefault('http://inventory'),
  ORDERS_URL: httpUrl.prefault('http://orders'),
  PROFILES_URL: httpUrl.prefault('http://profiles'),
};

/** The environment of this service, parsed. */
export function readConfig() {
  return loadConfig(shape, process.env);
}
