import { ProblemError } from '@faultline/chassis/errors';

/** Path characters as RFC 3986 allows them, with escapes. */
const PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^[\x21\x22\x24-\x7e]*$/;
/** Escapes of separators and control characters: what comes after us might decode them. */
const HARMFUL_ESCAPE = /%(?:2f|5c|[01][0-9a-f]|7f)/i;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** A request target in the one form that is routed, authorised and forwarded. */
export type CanonicalTarget = { path: string; search: string; authority: string | undefined };

/**
 * Brings a request target into canonical form: needless escapes decoded, hex digits in upper case.
 * `authority` is set when the target was an absolute URI.
 * @throws ProblemError `invalid_request` for what has no single meaning: dot segments, empty
 * segments, escaped or wrong separators, control characters.
 */
export function canonicalTarget(target: string): CanonicalTarget {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  const rest = absolute ? absolute[2] || '/' : target;
  const questionMark = rest.indexOf('?');
  const path = questionMark === -1 ? rest : rest.slice(0, questionMark);
  const search = questionMark === -1 ? '' : rest.slice(questionMark);
  if (!PATH.test(path) || HARMFUL_ESCAPE.test(path)) throw ambiguous('The path');
  if (!QUERY.test(search)) throw ambiguous('The query');
  const canonical = path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
  const segments = canonical.split('/').slice(1);
  const last = segments.length - 1;
  if (segments.some((segment, at) => /^\.{1,2}$/.test(segment) || (segment === '' && at < last))) {
    throw ambiguous('The path');
  }
  if (!isUtf8(canonical)) throw ambiguous('The path');
  return { path: canonical, search, authority: absolute?.[1] };
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function ambiguous(what: string): ProblemError {
  return new ProblemError('invalid_request', `${what} of the request is not in plain form.`);
}
