import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProblemError, toProblemDocument } from './errors.ts';

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} +\S+ +HTTP\/1\.[01]\r?\n/;

/**
 * Answers what the HTTP parser refused, and closes the connection. What speaks no HTTP at all is
 * closed without a word, and so is a connection whose earlier requests still wait for their
 * replies: an answer now would be taken for one of those.
 */
export function refuseUnparsed(server: Server): (error: ParserError, socket: Duplex) => void {
  const unanswered = new WeakMap<Duplex, Set<ServerResponse>>();
  server.on('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
    const waiting = unanswered.get(socket) ?? new Set();
    unanswered.set(socket, waiting.add(res));
    res.once('finish', () => waiting.delete(res));
  });
  return (error, socket) => {
    const speaksHttp = isToken(error.rawPacket?.[0]);
    if (error.code === 'ECONNRESET' || !socket.writable || !speaksHttp) socket.destroy();
    else if (!isNext(unanswered.get(socket))) socket.destroy();
    else end(socket, problemOf(error));
  };
}

/** Whether an answer would reach the request that could not be read: no other waits, or just it. */
function isNext(waiting: ReadonlySet<ServerResponse> = new Set()): boolean {
  const [first] = waiting;
  return !first || (waiting.size === 1 && !first.req.complete && !first.headersSent);
}

/** Answers CONNECT: there is no tunnel through a service. */
export function refuseConnect(_request: IncomingMessage, socket: Duplex): void {
  const headers = { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE' };
  end(socket, new ProblemError('method_not_allowed', 'There is no tunnel here.', { headers }));
}

function problemOf(error: ParserError): ProblemError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError('headers_too_large', 'The head of the request is too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError('request_timeout', 'The request took too long to arrive.');
    case 'HPE_INVALID_METHOD':
      if (!REQUEST_LINE.test(error.rawPacket?.toString('latin1', 0, 4_096) ?? '')) break;
      return new ProblemError('not_implemented', 'The method is not known.');
  }
  return new ProblemError('invalid_request', 'The request is not well-formed HTTP.');
}

function end(socket: Duplex, problem: ProblemError): void {
  const traceId = randomBytes(16).toString('hex');
  const document = toProblemDocument(problem, { instance: '', traceId });
  const body = JSON.stringify(document);
  const head = [
    `HTTP/1.1 ${document.status} ${document.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(problem.options.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Timeouts come without bytes; a TLS hello begins with 0x16. */
function isToken(byte: number | undefined): boolean {
  return byte === undefined || (byte > 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a;
}
