import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './steps.ts';

/** What goes into every image, or into the making of it. */
const shared =
  /^(package-lock\.json|\.dockerignore|packages\/|observability\/telemetry\/|tools\/setup\/)/;
/** What goes into none. */
const notBuilt = /(^|\/)(test\/|deploy\/)|\.test\.ts$|\.md$/;

/**
 * The services whose images change with these paths: a change in one service's folder builds that
 * service and no other; what all share builds all.
 */
export function changedServices(paths: readonly string[], services: readonly string[]): string[] {
  const built = paths.filter((path) => !notBuilt.test(path));
  if (built.some((path) => shared.test(path))) return [...services];
  return services.filter((name) => built.some((path) => path.startsWith(`services/${name}/`)));
}

/* `git diff --name-only A B | node tilt/cluster/changed.ts` prints a JSON list. */
if (import.meta.main) {
  const text = (await process.stdin.toArray()).join('');
  const services = readdirSync(join(root, 'services')).toSorted();
  process.stdout.write(`${JSON.stringify(changedServices(text.split('\n'), services))}\n`);
}
