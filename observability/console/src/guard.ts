import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/** Sent with every answer: nothing from elsewhere runs, shows, frames or hears of the console. */
export const safeHeaders = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** What is asked for, as far as the guard needs to know. */
export type Asked = {
  readonly method: string;
  /** The page and its parts may be come to from anywhere, data may not. */
  readonly isData: boolean;
  readonly headers: IncomingHttpHeaders;
};

export type GuardOptions = {
  /** Names by which the console may be called, besides those of this machine for itself. */
  readonly hosts: readonly string[];
  readonly token: string;
};

/** Why a request is refused. */
export type Refusal = { readonly status: 401 | 403 | 421; readonly detail: string };

/**
 * Judges a request: a foreign name may be DNS rebinding, another site's page may not read data or
 * act, and what changes something has to show the token of this run. Undefined lets it through.
 */
export function refusalOf(asked: Asked, { hosts, token }: GuardOptions): Refusal | undefined {
  const { method, isData, headers } = asked;
  const host = headers.host ?? '';
  if (![...loopback, ...hosts].includes(nameOf(host))) {
    return { status: 421, detail: `this console is not known as '${host}'` };
  }
  if (isData && !isSameOrigin(headers, host)) {
    return { status: 403, detail: 'only pages of the console itself may ask' };
  }
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (!isSame(headers['x-faultline-token'], token)) {
    return { status: 401, detail: 'expected the token of this run; load the page again' };
  }
  return undefined;
}

function nameOf(host: string): string {
  return host.replace(/:\d{1,5}$/, '').toLowerCase();
}

/** Browsers say where a request comes from; what is no browser says nothing. */
function isSameOrigin(headers: IncomingHttpHeaders, host: string): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return false;
  }
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** In a time that does not tell how much of it is right. */
function isSame(given: string | string[] | undefined, token: string): boolean {
  if (typeof given !== 'string') return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
