import type { Manifests } from './model.ts';

/**
 * ConfigMaps with `--set CONFIGMAP.KEY=VALUE` applied. Throws when a setting names a ConfigMap or
 * a key that does not exist.
 */
export function applyOverrides(
  configMaps: Manifests['configMaps'],
  settings: readonly string[],
): Manifests['configMaps'] {
  const changed = new Map(configMaps);
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const [path, value] = [setting.slice(0, at), setting.slice(at + 1)];
    // Names and keys may both contain dots, so the ConfigMap is found by trying; the longest fits.
    const name = [...changed.keys()]
      .filter((candidate) => path.startsWith(`${candidate}.`))
      .toSorted((a, b) => b.length - a.length)[0];
    const data = name === undefined ? undefined : changed.get(name);
    if (at < 1 || name === undefined || data === undefined) {
      const known = [...changed.keys()].join(', ') || 'none';
      throw new Error(
        `--set ${setting}: expected CONFIGMAP.KEY=VALUE with one of the ConfigMaps: ${known}`,
      );
    }
    const key = path.slice(name.length + 1);
    if (!(key in data)) {
      const known = Object.keys(data).join(', ');
      throw new Error(`--set ${setting}: ConfigMap ${name} has no '${key}'; it has: ${known}`);
    }
    changed.set(name, { ...data, [key]: value });
  }
  return changed;
}
