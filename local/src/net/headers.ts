const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers a proxy passes on, as the flat list Node uses: without those that belong to one
 * connection, with order, spelling and repetition kept.
 */
export function endToEnd(raw: readonly string[]): string[] {
  const named = new Set<string>();
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== 'connection') continue;
    for (const name of raw[at + 1]?.split(',') ?? []) named.add(name.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [raw[at], raw[at + 1]];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    if (!hopByHop.has(key) && !named.has(key)) kept.push(name, value);
  }
  return kept;
}
