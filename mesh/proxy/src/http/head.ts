import { type Headers, isHopByHop, isReserved, withoutHeaders } from './headers.ts';

/** A message that is refused, with the status that says why. The connection closes after it. */
export class HeadFault extends Error {
  override name = 'HeadFault';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const HEAD_BYTES_MAX = 16 * 1024;
const FIELDS_MAX = 100;
const TARGET_MAX = 8 * 1024;

/** What frames the message and steers the connection; taken out of the fields that travel on. */
export type Fields = {
  headers: Headers;
  host: string | undefined;
  contentLength: number | undefined;
  chunked: boolean;
  /** Lower-case tokens of `Connection`. */
  connection: string[];
  upgrade: string | undefined;
  expectsContinue: boolean;
};

export type RequestStart = Fields & {
  method: string;
  /** As sent. */
  target: string;
  /** 0 or 1: the minor version. */
  minor: number;
};

export type ResponseStart = Fields & { status: number; minor: number };

const REQUEST_LINE = /^(\S+) ([\x21-\x7e]+) HTTP\/(\d\.\d)\r\n/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
const FIELD = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([ \t]*)([\t\x20-\x7e\x80-\xff]*)\r\n/y;
const HOST = /^(?:[\w.~-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'CONNECT']);

/**
 * Reads the head of a request, from its first byte to the empty line. Stricter than the standard
 * asks: whatever two readers could understand differently is refused.
 * @throws HeadFault
 */
export function parseRequestHead(text: string): RequestStart {
  const line = REQUEST_LINE.exec(text);
  if (!line) throw new HeadFault(400, 'the request line is not METHOD target HTTP/1.1');
  const [whole, method = '', target = '', version] = line;
  if (version !== '1.1' && version !== '1.0') {
    throw new HeadFault(505, `the version HTTP/${version} is not spoken here`);
  }
  if (target.length > TARGET_MAX) throw new HeadFault(414, 'the target is over 8 KiB');
  if (method === 'TRACE') throw new HeadFault(405, 'TRACE is not allowed');
  if (!METHODS.has(method)) throw new HeadFault(501, 'the method is not known');
  const fields = parseFields(text, whole.length);
  const minor = version === '1.1' ? 1 : 0;
  if (fields.chunked && minor === 0) throw new HeadFault(400, 'HTTP/1.0 has no chunks');
  if (fields.host === undefined ? minor === 1 : !HOST.test(fields.host)) {
    throw new HeadFault(400, 'Host is missing or not a host');
  }
  return Object.assign(fields, { method, target, minor });
}

/** Reads the head of a response. @throws HeadFault */
export function parseResponseHead(text: string): ResponseStart {
  const line = STATUS_LINE.exec(text);
  if (!line) throw new HeadFault(502, 'the status line is not HTTP/1.1 and a status');
  const fields = parseFields(text, line[0].length);
  return Object.assign(fields, { status: Number(line[2]), minor: Number(line[1]) });
}

function parseFields(text: string, from: number): Fields {
  const fields: Fields = {
    headers: [],
    host: undefined,
    contentLength: undefined,
    chunked: false,
    connection: [],
    upgrade: undefined,
    expectsContinue: false,
  };
  const end = text.length - 2;
  let count = 0;
  for (let at = from; at < end; at = FIELD.lastIndex) {
    FIELD.lastIndex = at;
    const match = FIELD.exec(text);
    if (!match) throw new HeadFault(400, 'a header field cannot be read');
    if (++count > FIELDS_MAX) throw new HeadFault(431, 'there are over 100 header fields');
    takeField(fields, match);
  }
  if (fields.chunked && fields.contentLength !== undefined) {
    throw new HeadFault(400, 'Content-Length and Transfer-Encoding contradict each other');
  }
  if (fields.connection.length > 0) dropNominated(fields);
  // Not asked for on this hop, or a version of HTTP that is not spoken here: served as it is.
  if (!fields.connection.includes('upgrade') || /\bh2c?\b/i.test(fields.upgrade ?? '')) {
    fields.upgrade = undefined;
  }
  return fields;
}

type FieldReader = (fields: Fields, value: string, space: string) => void;

/** Fields that frame the message or steer the connection; all others travel on. */
const READERS = new Map<string, FieldReader>(
  Object.entries({
    host(fields, value) {
      if (fields.host !== undefined) throw new HeadFault(400, 'Host is given twice');
      fields.host = value;
    },
    'content-length'(fields, value) {
      fields.contentLength = readLength(value, fields.contentLength);
    },
    'transfer-encoding'(fields, value, space) {
      if (fields.chunked || value.toLowerCase() !== 'chunked' || space.includes('\t')) {
        throw new HeadFault(400, 'Transfer-Encoding is not exactly one chunked');
      }
      fields.chunked = true;
    },
    connection(fields, value) {
      for (const token of value.split(',')) fields.connection.push(token.trim().toLowerCase());
    },
    upgrade(fields, value) {
      fields.upgrade = value;
    },
    te(fields, value) {
      // The one value of this hop-by-hop field that is a promise of the client itself.
      if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) fields.headers.push('te', 'trailers');
    },
    expect(fields, value) {
      if (value.toLowerCase() !== '100-continue') throw new HeadFault(417, 'Expect is unknown');
      fields.expectsContinue = true;
    },
  } satisfies Record<string, FieldReader>),
);

function takeField(fields: Fields, [, rawName = '', space = '', raw = '']: RegExpExecArray): void {
  const name = rawName.toLowerCase();
  const value = trimEnd(raw);
  const read = READERS.get(name);
  if (read) read(fields, value, space);
  else if (!isHopByHop(name) && !isReserved(name)) fields.headers.push(name, value);
}

function readLength(value: string, earlier: number | undefined): number {
  if (earlier !== undefined) throw new HeadFault(400, 'Content-Length is given twice');
  if (!/^(?:0|[1-9]\d{0,14})$/.test(value)) {
    throw new HeadFault(400, 'Content-Length is not a plain number');
  }
  return Number(value);
}

/** Removes what `Connection` names: fields meant for this hop only. */
function dropNominated(fields: Fields): void {
  const nominated = fields.connection.filter(
    (name) => name !== 'close' && name !== 'keep-alive' && name !== 'upgrade' && name !== 'te',
  );
  if (nominated.length > 0) {
    fields.headers = withoutHeaders(fields.headers, (name) => nominated.includes(name));
  }
}

/** Fields of a trailer section, without its closing empty line. @throws HeadFault */
export function parseTrailers(text: string): Headers {
  const headers: Headers = [];
  for (let at = 0; at < text.length; at = FIELD.lastIndex) {
    FIELD.lastIndex = at;
    const match = FIELD.exec(text);
    if (!match) throw new HeadFault(400, 'a trailer field cannot be read');
    headers.push((match[1] ?? '').toLowerCase(), trimEnd(match[3] ?? ''));
  }
  return headers;
}

function trimEnd(value: string): string {
  let end = value.length;
  while (end > 0 && (value[end - 1] === ' ' || value[end - 1] === '\t')) end--;
  return end === value.length ? value : value.slice(0, end);
}
