import { connect as connectTls, type SecureVersion } from 'node:tls';
import { asVisitor, ask, type Case, message, raw, type Send } from './case.ts';

const json = 'Content-Type: application/json';

function chunked(body: string, ...fields: string[]): Send {
  const head = [json, 'Transfer-Encoding: chunked', ...fields];
  return raw(message('POST /api/v1/sessions', head, body));
}

function get(target: string, ...fields: string[]): Send {
  return raw(message(`GET ${target}`, fields));
}

/** Framing that two parsers could read differently. */
export const framingCases: Case[] = [
  {
    row: 4,
    what: 'Transfer-Encoding in HTTP/1.0',
    send: raw(
      `POST /api/v1/sessions HTTP/1.0\r\nHost: localhost\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ),
    status: 400,
  },
  ...Object.entries({
    'a chunk size of 0x2': '0x2\r\n{}\r\n0\r\n\r\n',
    'a chunk size of +2': '+2\r\n{}\r\n0\r\n\r\n',
    'a chunk size of -2': '-2\r\n{}\r\n0\r\n\r\n',
    'a chunk size that overflows': 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n',
    'a bare LF after the chunk size': '2\n{}\r\n0\r\n\r\n',
    'a bare CR after the chunk size': '2\r{}\r\n0\r\n\r\n',
    'a missing CRLF after the chunk': '2\r\n{}0\r\n\r\n',
    'a chunk longer than it says': '2\r\n{}<marker>\r\n0\r\n\r\n',
    'a CR inside a chunk extension': '2;a\rb\r\n{}\r\n0\r\n\r\n',
  }).map(([what, body]) => ({ row: 5, what, send: chunked(body), status: 400 })),
  {
    row: 5,
    what: 'a chunk extension of 20 KB',
    send: chunked(`2;<marker>${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`),
    status: [400, 413],
  },
];

/** Ann's request with what it claims about her in its trailers. */
function withTrailers(startLine: string, trailers: string[], authorization?: string): Send {
  return raw(({ ann }) => {
    const fields = [json, 'Transfer-Encoding: chunked', 'Trailer: Authorization'];
    if (authorization === 'as Ann') fields.push(`Authorization: ${ann.authorization}`);
    const filled = trailers.map((line) => line.replace('<her token>', ann.authorization));
    return message(startLine, fields, `2\r\n{}\r\n0\r\n${filled.join('\r\n')}\r\n\r\n`);
  });
}

export const trailerCases: Case[] = [
  {
    row: 6,
    what: 'credentials in a trailer are none',
    send: withTrailers('POST /api/v1/me/addresses', ['Authorization: <her token>']),
    status: [400, 401],
  },
  {
    row: 6,
    what: 'a role in a trailer is none',
    send: withTrailers(
      'POST /api/v1/admin/products',
      ['X-Principal-Role: admin', 'l5d-client-id: admin.faultline.serviceaccount'],
      'as Ann',
    ),
    status: [400, 403],
  },
  ...['Content-Length: 99', 'Transfer-Encoding: gzip', 'Host: evil.example'].map((line) => ({
    row: 6,
    what: `the trailer ${line}`,
    send: withTrailers('POST /api/v1/sessions', [line]),
    status: 400,
  })),
];

const manyFields = Array.from({ length: 101 }, (_, index) => `X-${index}: 1`);

export const sizeCases: Case[] = [
  {
    row: 14,
    what: '20 KiB of headers',
    send: get('/', `X-A: <marker>${'a'.repeat(20_480)}`),
    status: 431,
  },
  { row: 14, what: '101 header fields', send: get('/', ...manyFields), status: 431 },
  { row: 15, what: 'a URI of 9 KiB', send: get(`/${'a'.repeat(9_216)}`), status: 414 },
  {
    row: 15,
    what: 'a query of 9 KiB',
    send: get(`/api/v1/products?q=${'a'.repeat(9_216)}`),
    status: 414,
  },
];

const crooked = [
  ...[
    '/<marker>/../admin',
    '/<marker>/%2e%2e/admin',
    '/a/%2E./admin',
    '/./admin',
    '/api/v1/../../admin',
  ],
  ...['/a%2fb', '/api%2fv1%2fme', '/a%5cb', '/a\\b', '/a%00b', '/a%0d%0ab', '/a%'],
  ...['//admin', '/admin//x', '/%c0%ae%c0%ae/admin', '/%ff', '/api/v1/orders/..%2f..%2fadmin'],
];

export const pathCases: Case[] = [
  ...crooked.map((path) => ({ row: 16, what: `the path ${path}`, send: get(path), status: 400 })),
  {
    row: 16,
    what: 'a needlessly escaped path is guarded in its plain form',
    send: ask('GET', '/api/v1/%61dmin/products'),
    status: 403,
  },
  {
    row: 16,
    what: 'a needlessly escaped page, too',
    send: ask('GET', '/%61dmin', {}, asVisitor),
    status: 303,
  },
  ...['/internal/v1/jwks', '/%69nternal/v1/jwks', '/api/internal/v1/jwks'].map((path) => ({
    row: 16,
    what: `${path} stays inside`,
    send: get(path),
    status: 404,
  })),
  {
    row: 16,
    what: '/Internal/v1/jwks is no other spelling of it',
    isPage: true,
    send: get('/Internal/v1/jwks'),
    status: 404,
  },
];

function helloOf(version: SecureVersion, ciphers?: string): Send {
  return ({ system }) =>
    new Promise((resolve, reject) => {
      const socket = connectTls({
        port: Number(new URL(system.url).port),
        host: '127.0.0.1',
        minVersion: version,
        maxVersion: version,
        rejectUnauthorized: false,
        ...(ciphers ? { ciphers } : {}),
      });
      socket.once('secureConnect', () => reject(new Error(`spoke ${version}`)));
      socket.once('error', () => resolve({ status: 0, headers: {}, body: {} }));
    });
}

const unsafe = 'DEFAULT:@SECLEVEL=0';

export const tlsCases: Case[] = [
  { row: 26, what: 'a TLS 1.0 hello is closed', send: helloOf('TLSv1', unsafe), status: 0 },
  { row: 26, what: 'a TLS 1.1 hello is closed', send: helloOf('TLSv1.1', unsafe), status: 0 },
  {
    row: 26,
    what: 'a hello with a weak cipher is closed',
    send: helloOf('TLSv1.2', `AES128-SHA:@SECLEVEL=0`),
    status: 0,
  },
];
