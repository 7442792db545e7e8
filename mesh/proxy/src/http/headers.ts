/** Header fields in order and flat: name, value, name, value. Names are lower-case. */
export type Headers = string[];

export function getHeader(headers: Headers, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) return headers[at + 1];
  }
  return undefined;
}

/** All but the fields whose name `drop` holds for. */
export function withoutHeaders(headers: Headers, drop: (name: string) => boolean): Headers {
  const kept: Headers = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (!drop(name)) kept.push(name, headers[at + 1] ?? '');
  }
  return kept;
}

/** Fields of one hop: a proxy consumes them and never passes them on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/**
 * Names that only the mesh may set, and twins of trusted names that some servers read as the same
 * (`_` for `-`, as CGI maps them).
 */
export function isReserved(name: string): boolean {
  if (name.startsWith('l5d')) return name[3] === '-' || name[3] === '_';
  if (name === 'x-forwarded-client-cert') return true;
  return name.includes('_') && /^(x[-_]forwarded[-_]|x[-_]real[-_]ip$)/.test(name);
}

const NEVER_IN_TRAILERS = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'max-forwards',
  'range',
  'set-cookie',
  'trailer',
]);

/** Whether a field may stand in a trailer: nothing that frames, routes, authenticates or identifies. */
export function isTrailer(name: string): boolean {
  return !NEVER_IN_TRAILERS.has(name) && !isHopByHop(name) && !isReserved(name);
}
