import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { searchPath, type Environment } from '../config.ts';

/** What people read when there is none. */
export const missingPrometheus =
  'find prometheus: it is not on PATH, so there are no metrics, alerts and canary checks; install ' +
  'it (sudo apt-get install prometheus, or brew install prometheus), or set ' +
  'PROMETHEUS_URL=http://host:9090 to use one that runs elsewhere';

/** Where metrics are to be found: elsewhere, in a server of our own, or nowhere and why. */
export type PrometheusChoice =
  | { readonly kind: 'external'; readonly url: string }
  | { readonly kind: 'local' }
  | { readonly kind: 'none'; readonly note: string };

/** The shop runs without metrics; it only says so. Throws when `PROMETHEUS_URL` is no URL. */
export function choosePrometheus(env: Environment, path = searchPath()): PrometheusChoice {
  const url = env['PROMETHEUS_URL'];
  if (url) {
    if (/^https?:/.test(url) && URL.canParse(url)) return { kind: 'external', url };
    throw new Error(`read PROMETHEUS_URL: '${url}' is not a URL such as http://host:9090`);
  }
  if (findPrometheus(path) === undefined) return { kind: 'none', note: missingPrometheus };
  return { kind: 'local' };
}

/** The server's program; undefined when it is not on PATH. */
export function findPrometheus(path = searchPath()): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, 'prometheus'))
    .find((file) => existsSync(file));
}
