import { formatShare } from '../core/format.ts';
import type { VersionShare } from '../core/wire.ts';

/** Letters for which a node has room. */
const LENGTH_MAX = 23;
const VERSION_MAX = 14;

/** Which version gets how much, the newest last; of more than there is room for, the newest alone. */
export function splitWords(versions: readonly VersionShare[]): string {
  const all = versions.map(({ version, share }) => `${version} ${formatShare(share)}`).join(' · ');
  const newest = versions.at(-1);
  if (all.length <= LENGTH_MAX || !newest) return all;
  return `${ending(newest.version)} ${formatShare(newest.share)}`;
}

/** Versions differ in how they end. */
function ending(version: string): string {
  return version.length > VERSION_MAX ? `…${version.slice(1 - VERSION_MAX)}` : version;
}
