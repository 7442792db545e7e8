import { HeadFault } from './head.ts';

/** Where a request goes: path and query, and the authority when the target names one. */
export type Target = { path: string; query: string; authority: string | undefined };

const ABSOLUTE = /^http:\/\/([^/?#]+)(.*)$/i;
const AUTHORITY = /^(?:[\w.~-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;
/** Segments that climb, in any spelling, and bytes that readers disagree about. */
const UNSAFE_PATH = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|%00|[\\#]/i;

/**
 * Takes a request target apart. Paths that a server further on could normalise to something else are
 * refused, so that routing and authorization judge the path that is served.
 * @throws HeadFault
 */
export function parseTarget(method: string, target: string): Target {
  if (method === 'CONNECT') {
    if (!/:\d{1,5}$/.test(target) || !AUTHORITY.test(target)) {
      throw new HeadFault(400, 'CONNECT needs host:port');
    }
    return { path: '', query: '', authority: target };
  }
  if (target === '*' && method === 'OPTIONS') return { path: '*', query: '', authority: undefined };
  if (target.startsWith('/')) return { ...splitPath(target), authority: undefined };
  const [, authority, rest = ''] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined || !AUTHORITY.test(authority)) {
    throw new HeadFault(400, 'the target is neither a path nor an http URL');
  }
  return { ...splitPath(rest.startsWith('/') ? rest : `/${rest}`), authority };
}

function splitPath(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (UNSAFE_PATH.test(path)) throw new HeadFault(400, 'the path could be read in two ways');
  return { path, query: mark < 0 ? '' : target.slice(mark + 1) };
}

/** Host in lower case and port of `host`, `host:port` or `[v6]:port`. */
export function splitAuthority(authority: string): { host: string; port: number } {
  const match = /^(.*?)(?::(\d+))?$/.exec(authority);
  const host = (match?.[1] ?? '')
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  return { host, port: match?.[2] === undefined ? 80 : Number(match[2]) };
}
