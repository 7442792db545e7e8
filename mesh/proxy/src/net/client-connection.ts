import type { Socket } from 'node:net';
import { ProxyError } from '../errors.ts';
import { Body } from '../http/body.ts';
import { BodyDecoder } from '../http/decoder.ts';
import { HEAD_BYTES_MAX, HeadFault, parseResponseHead, type ResponseStart } from '../http/head.ts';
import { MessageWriter, type OutFraming, serializeFields } from '../http/writer.ts';
import type { Request, Response, Wire } from '../request.ts';

const HEAD_END = '\r\n\r\n';
const INFORMATIONAL_MAX = 16;

/** What the owner of a connection learns: that it can be used again, or that it is gone. */
export type ConnectionOwner = {
  released(connection: ClientConnection): void;
  closed(connection: ClientConnection): void;
};

/** One connection to a server, used for one exchange at a time. */
export class ClientConnection implements Wire {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #writer: MessageWriter;
  readonly #cancelled = (error: Error): void => this.#fail(error);
  #request: Request | undefined;
  #settle: { resolve(response: Response): void; reject(error: Error): void } | undefined;
  #decoder: BodyDecoder | undefined;
  #rest: Buffer | undefined;
  #sent = false;
  #received = false;
  #reusable = true;
  #informational = 0;
  #exchanges = 0;
  /** Monotonic; set by the owner when it puts the connection aside. */
  idleSinceMs = 0;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#writer = new MessageWriter(socket, (error) => this.#written(error));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#broken(error));
    socket.on('close', () => this.#broken(undefined));
  }

  /** An idle connection that can still be used. */
  get usable(): boolean {
    return this.#reusable && !this.#request && !this.#socket.destroyed && this.#socket.writable;
  }

  close(): void {
    this.#reusable = false;
    this.#socket.destroy();
  }

  /** Sends `request`; the response comes when its head has. Call it only when `usable`. */
  exchange(request: Request): Promise<Response> {
    if (!this.usable) {
      const message = 'connection closed while idle';
      return Promise.reject(new ProxyError('reset', message, { cause: STALE }));
    }
    this.#request = request;
    this.#sent = false;
    this.#received = false;
    this.#informational = 0;
    this.#exchanges++;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      request.scope.listen(this.#cancelled);
      if (this.#settle) this.#send(request);
    });
  }

  #send(request: Request): void {
    const framing = framingOf(request);
    const query = request.query === '' ? '' : `?${request.query}`;
    let head = `${request.method} ${request.path}${query} HTTP/1.1\r\nhost: ${request.authority}\r\n`;
    head += serializeFields(request.headers);
    if (framing === 'chunked') head += 'transfer-encoding: chunked\r\n';
    else if (framing === 'length') head += `content-length: ${request.body.length}\r\n`;
    if (request.upgrade !== undefined) {
      head += `connection: upgrade\r\nupgrade: ${request.upgrade}\r\n`;
      this.#reusable = false;
    }
    if (request.onContinue) head += 'expect: 100-continue\r\n';
    this.#writer.start(`${head}\r\n`, request.body, framing);
  }

  #read(chunk: Buffer): void {
    if (!this.#request || this.#received) {
      // Nobody asked: whatever it is, the next answer must not be taken from it.
      this.close();
      return;
    }
    this.#rest = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    try {
      while (this.#rest && this.#request && !this.#received) {
        if (!(this.#decoder ? this.#takeBody(this.#decoder) : this.#takeHead())) break;
      }
    } catch (error) {
      if (!(error instanceof HeadFault)) throw error;
      this.#fail(new ProxyError('protocol', `the reply is not HTTP: ${error.message}`));
    }
  }

  #takeHead(): boolean {
    const rest = this.#rest;
    if (!rest) return false;
    const end = rest.indexOf(HEAD_END);
    if (end > HEAD_BYTES_MAX || (end < 0 && rest.length > HEAD_BYTES_MAX)) {
      throw new HeadFault(502, 'its head is over 16 KiB');
    }
    if (end < 0) return false;
    const start = parseResponseHead(rest.toString('latin1', 0, end + HEAD_END.length));
    const next = end + HEAD_END.length;
    this.#rest = next < rest.length ? rest.subarray(next) : undefined;
    if (start.status === 101) this.#switchProtocols(start);
    else if (start.status < 200) this.#takeInformational(start);
    else this.#respond(start);
    return true;
  }

  #takeInformational({ status }: ResponseStart): void {
    if (++this.#informational > INFORMATIONAL_MAX) throw new HeadFault(502, 'it never ends');
    if (status === 100) this.#request?.onContinue?.();
  }

  #respond(start: ResponseStart): void {
    const request = this.#request;
    if (!request || !this.#settle) return;
    const decoder = decoderOf(start, request.method);
    if (start.minor === 0 || start.connection.includes('close')) this.#reusable = false;
    const { resolve } = this.#settle;
    this.#settle = undefined;
    const { status, headers } = start;
    if (!decoder) {
      this.#receivedAll();
      resolve({ status, headers, body: Body.empty(), statedLength: start.contentLength });
      return;
    }
    this.#decoder = decoder;
    decoder.body.source = {
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      cancel: (error) => this.#fail(error),
    };
    resolve({ status, headers, body: decoder.body });
  }

  #takeBody(decoder: BodyDecoder): boolean {
    const rest = this.#rest;
    if (!rest) return false;
    const at = decoder.feed(rest, 0);
    this.#rest = at < rest.length ? rest.subarray(at) : undefined;
    if (decoder.body.complete) this.#receivedAll();
    else if (decoder.body.blocked) this.#socket.pause();
    return true;
  }

  #switchProtocols(start: ResponseStart): void {
    const settle = this.#settle;
    if (!settle || !this.#request?.upgrade || start.upgrade === undefined) {
      throw new HeadFault(502, 'it switches protocols unasked');
    }
    this.#request.scope.ignore(this.#cancelled);
    this.#request = undefined;
    this.#settle = undefined;
    for (const event of ['data', 'end']) this.#socket.removeAllListeners(event);
    this.#socket.pause();
    if (this.#rest) this.#socket.unshift(this.#rest);
    this.#rest = undefined;
    settle.resolve({
      status: 101,
      headers: start.headers,
      body: Body.empty(),
      tunnel: { stream: this.#socket, protocol: start.upgrade },
    });
  }

  #written(error: Error | undefined): void {
    if (error) {
      this.#fail(error);
      return;
    }
    this.#sent = true;
    this.#next();
  }

  #receivedAll(): void {
    this.#received = true;
    this.#decoder = undefined;
    if (this.#rest) this.#reusable = false;
    this.#next();
  }

  /** Gives the connection back when its exchange is over on both sides. */
  #next(): void {
    const request = this.#request;
    if (!request || !this.#received) return;
    // An answer before the end of the request: the rest of the request has no reader any more.
    if (!this.#sent) {
      this.#reusable = false;
      request.body.cancel(new ProxyError('reset', 'the server answered without reading on'));
    }
    request.scope.ignore(this.#cancelled);
    this.#request = undefined;
    this.#rest = undefined;
    if (!this.#reusable) {
      this.close();
      return;
    }
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#owner.released(this);
  }

  #ended(): void {
    if (this.#decoder) {
      const decoder = this.#decoder;
      decoder.eof(new ProxyError('reset', 'the server closed its connection in the middle'));
      this.#reusable = false;
      if (decoder.body.complete) this.#receivedAll();
    }
    this.#broken(undefined);
  }

  #broken(cause: Error | undefined): void {
    // A connection that had served before and ends without a byte was closed while it lay idle.
    const stale = this.#exchanges > 1 && this.#settle !== undefined && this.#rest === undefined;
    const message = stale
      ? 'connection closed while idle'
      : 'connection closed before message completed';
    this.#fail(new ProxyError('reset', message, { cause: stale ? STALE : cause }));
  }

  #fail(error: Error): void {
    const request = this.#request;
    const settle = this.#settle;
    const decoder = this.#decoder;
    this.#request = undefined;
    this.#settle = undefined;
    this.#decoder = undefined;
    this.#reusable = false;
    this.#socket.destroy();
    if (request) {
      request.scope.ignore(this.#cancelled);
      settle?.reject(error);
      decoder?.body.fail(error);
      if (!this.#sent) request.body.cancel(error);
    }
    this.#owner.closed(this);
  }
}

/** Cause of a failure that says nothing about the server: it had closed an idle connection. */
export const STALE = new Error('stale');

function framingOf({ body, method }: Request): OutFraming {
  if (body.length === undefined) return 'chunked';
  if (body.length > 0) return 'length';
  // Methods with a meaning for a body state that there is none.
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'length' : 'none';
}

function decoderOf(start: ResponseStart, method: string): BodyDecoder | undefined {
  if (method === 'HEAD' || start.status === 204 || start.status === 304) return undefined;
  if (start.chunked) return new BodyDecoder({ kind: 'chunked' });
  if (start.contentLength === undefined) return new BodyDecoder({ kind: 'close' });
  return start.contentLength > 0
    ? new BodyDecoder({ kind: 'length', bytes: start.contentLength })
    : undefined;
}
