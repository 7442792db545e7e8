/** The Host of every request here. */
export const HOST = 'host: b\r\n';

/** Requests that are refused: what is wrong with them, the status, the bytes. */
export const refused: [name: string, status: number, request: string][] = [
  ['HTTP/0.9', 400, 'GET /\r\n\r\n'],
  [
    'Content-Length and chunks',
    400,
    post('content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
  ],
  [
    'chunks and Content-Length',
    400,
    post('transfer-encoding: chunked\r\ncontent-length: 5\r\n', '0\r\n\r\n'),
  ],
  ['two equal lengths', 400, post('content-length: 1\r\ncontent-length: 1\r\n', 'x')],
  ['a list of lengths', 400, post('content-length: 1, 1\r\n', 'x')],
  ['a length of 01', 400, post('content-length: 01\r\n', 'x')],
  ['a length of +1', 400, post('content-length: +1\r\n', 'x')],
  ['a length of 0x1', 400, post('content-length: 0x1\r\n', 'x')],
  ['an empty length', 400, post('content-length: \r\n', 'x')],
  ['a length beyond numbers', 400, post('content-length: 99999999999999999999\r\n', 'x')],
  ['another coding', 400, post('transfer-encoding: xchunked\r\n', '0\r\n\r\n')],
  ['gzip and chunks', 400, post('transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n')],
  [
    'chunks twice',
    400,
    post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
  ],
  ['a tab before the coding', 400, post('transfer-encoding:\tchunked\r\n', '0\r\n\r\n')],
  [
    'a vertical tab before the coding',
    400,
    post('transfer-encoding: \x0bchunked\r\n', '0\r\n\r\n'),
  ],
  ['a space before the colon', 400, post('transfer-encoding : chunked\r\n', '0\r\n\r\n')],
  [
    'chunks in HTTP/1.0',
    400,
    `POST / HTTP/1.0\r\n${HOST}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a folded field', 400, get('a: b\r\n c\r\n')],
  ['NUL in a field', 400, get('a: b\x00c\r\n')],
  ['a bare CR in a field', 400, get('a: b\rc\r\n')],
  ['a bare LF after a field', 400, get('a: b\nc: d\r\n')],
  ['bare LFs throughout', 400, 'GET / HTTP/1.1\nhost: b\n\n'],
  ['a field without a name', 400, get(': b\r\n')],
  ['a space in a name', 400, get('a b: c\r\n')],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, get(HOST)],
  ['a Host with a path and user', 400, 'GET / HTTP/1.1\r\nhost: a/b@c\r\n\r\n'],
  ['a list of Hosts', 400, 'GET / HTTP/1.1\r\nhost: a,b\r\n\r\n'],
  ['another host in the target', 400, `GET http://c/ HTTP/1.1\r\n${HOST}\r\n`],
  ['GET of *', 400, `GET * HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE', 405, `TRACE / HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT', 405, `CONNECT c:80 HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown method', 501, `BREW / HTTP/1.1\r\n${HOST}\r\n`],
  ['a method in small letters', 501, `get / HTTP/1.1\r\n${HOST}\r\n`],
  ['HTTP/2.0', 505, `GET / HTTP/2.0\r\n${HOST}\r\n`],
  ['HTTP/1.2', 505, `GET / HTTP/1.2\r\n${HOST}\r\n`],
  ['two spaces in the request line', 400, `GET  / HTTP/1.1\r\n${HOST}\r\n`],
  ['%00 in the path', 400, `GET /a%00 HTTP/1.1\r\n${HOST}\r\n`],
  ['a path that climbs', 400, `GET /a/../admin HTTP/1.1\r\n${HOST}\r\n`],
  ['a path that climbs in disguise', 400, `GET /a/%2E%2e/admin HTTP/1.1\r\n${HOST}\r\n`],
  ['a backslash in the path', 400, `GET /a\\b HTTP/1.1\r\n${HOST}\r\n`],
  ['a fragment', 400, `GET /a#b HTTP/1.1\r\n${HOST}\r\n`],
  ['8-bit bytes in the target', 400, `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown expectation', 417, get('expect: 200-ok\r\n')],
  ['over 100 fields', 431, get('a: b\r\n'.repeat(101))],
  ['a head over 16 KiB', 431, get(`a: ${'b'.repeat(17_000)}\r\n`)],
  ['a target over 8 KiB', 414, `GET /${'a'.repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`],
];

/** Chunked bodies that are refused after their head was fine. */
export const chunks: [name: string, body: string][] = [
  ['a size of 0x1', '0x1\r\nx\r\n0\r\n\r\n'],
  ['a size of +1', '+1\r\nx\r\n0\r\n\r\n'],
  ['a size beyond numbers', 'fffffffffffffffff\r\nx'],
  ['a size line with a bare LF', '1\nx\r\n0\r\n\r\n'],
  ['CR in an extension', '1;a\rb\r\nx\r\n0\r\n\r\n'],
  ['an open quote in an extension', '1;a="b\r\nx\r\n0\r\n\r\n'],
  ['a huge extension', `1;${'a'.repeat(500)}\r\nx\r\n0\r\n\r\n`],
  ['more data than the size', '1\r\nxy\r\n0\r\n\r\n'],
  ['no CRLF after the data', '1\r\nx0\r\n\r\n'],
  ['a broken trailer', '0\r\na b: c\r\n\r\n'],
];

/** A GET of `/` with these fields. */
export function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

/** A POST to `/` with these fields and bytes. */
export function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}
