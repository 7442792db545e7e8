import type { Client } from '@faultline/mesh-core/authorize';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Decision } from '../decisions.ts';
import { ProxyError } from '../errors.ts';
import { Body, discard } from '../http/body.ts';
import type { BodyDecoder } from '../http/decoder.ts';
import { HEAD_BYTES_MAX, HeadFault, parseRequestHead, type RequestStart } from '../http/head.ts';
import { statusLine } from '../http/reasons.ts';
import { decoderOf, framingOf, isText, sameHost } from '../http/server-framing.ts';
import { parseTarget, type Target } from '../http/target.ts';
import { MessageWriter, type OutFraming, serializeFields } from '../http/writer.ts';
import type { Handler } from '../layer.ts';
import { Request, type Response } from '../request.ts';
import { Scope } from '../scope.ts';
import { splice } from './splice.ts';

const HEAD_END = '\r\n\r\n';
/** How long a client may take to read the last answer of a connection. */
const LINGER_MS = 2_000;
const IDLE_ERROR = new Error('the client has gone');

export type ServerLimits = {
  /** From the first byte of a head to its last. */
  readonly headMs: number;
  /** Between requests. */
  readonly idleMs: number;
  /** Between two pieces of a request's body that is wanted. */
  readonly bodyMs: number;
};

export type ServerOptions = {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly client: Client;
  readonly direction: Decision['direction'];
  readonly limits: ServerLimits;
  /** `proxy`: targets are absolute, or follow a CONNECT. `origin`: they are paths. */
  readonly targets: 'proxy' | 'origin';
  /** What a CONNECT leads to: `http` is served here, `refuse` is 403, a function takes the bytes. */
  readonly connect?: (authority: string) => 'http' | 'refuse' | ((socket: Socket) => void);
  readonly isDraining: () => boolean;
  readonly onFault?: (fault: Error) => void;
};

/**
 * One connection of a client: reads its requests one after the other, hands each to the handler and
 * writes the answers. Own parsing rather than node:http's for two reasons: that parser lets pass what
 * servers further on read differently, and it costs about twice as much for each request.
 */
export class ServerConnection {
  readonly #socket: Socket;
  readonly #options: ServerOptions;
  readonly #writer: MessageWriter;
  #state: 'head' | 'body' | 'answer' | 'tunnel' | 'closed' = 'head';
  /** Bytes read and not yet used. */
  #rest: Buffer | undefined;
  #decoder: BodyDecoder | undefined;
  #start: RequestStart | undefined;
  #scope: Scope | undefined;
  #answered = false;
  #keepAlive = true;
  #responseBody: Body | undefined;
  /** The authority of a CONNECT that is served here. */
  #tunnelled: string | undefined;
  #changedMs: number;

  constructor(socket: Socket, options: ServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#changedMs = options.clock.monotonic();
    this.#writer = new MessageWriter(socket, (error) => this.#written(error));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('end', () => this.close());
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
  }

  /** No request is being read or answered. */
  get idle(): boolean {
    return this.#state === 'head' && this.#rest === undefined;
  }

  get idleSinceMs(): number {
    return this.#changedMs;
  }

  /** Applies the time limits; called about once a second. */
  sweep(nowMs: number): void {
    const { headMs, idleMs, bodyMs } = this.#options.limits;
    const waitedMs = nowMs - this.#changedMs;
    if (this.#state === 'head') {
      if (this.#rest === undefined ? waitedMs > idleMs : waitedMs > headMs) {
        if (this.#rest === undefined) this.#socket.end();
        else this.#refuse(new HeadFault(408, 'the head took too long'));
      }
    } else if (this.#state === 'body' && !this.#decoder?.body.blocked && waitedMs > bodyMs) {
      this.close();
    } else if (this.#state === 'closed' && waitedMs > LINGER_MS) {
      this.#socket.destroy();
    }
  }

  /** Ends the connection and everything under way on it. */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'tunnel') return;
    this.#state = 'closed';
    const error = new ProxyError('cancelled', 'the client closed its connection');
    this.#scope?.cancel(error);
    this.#decoder?.body.fail(error);
    this.#responseBody?.cancel(error);
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#rest) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
    } else {
      if (this.#state === 'head') this.#changedMs = this.#options.clock.monotonic();
      this.#rest = chunk;
    }
    try {
      this.#advance();
    } catch (error) {
      if (!(error instanceof HeadFault)) throw error;
      this.#refuse(error);
    }
  }

  /** Uses what has been read as far as it goes. */
  #advance(): void {
    for (;;) {
      const progressed =
        this.#state === 'head' ? this.#takeHead() : this.#state === 'body' && this.#takeBody();
      if (!progressed) break;
    }
    // A pipelined request waits for its turn in the kernel, apart from what has been read.
    if (this.#state === 'answer' && this.#rest) this.#socket.pause();
  }

  #takeHead(): boolean {
    const rest = this.#rest;
    if (!rest) return false;
    const end = rest.indexOf(HEAD_END);
    if (end < 0) {
      if (rest.length > HEAD_BYTES_MAX) throw new HeadFault(431, 'the head is over 16 KiB');
      const text = rest.toString('latin1');
      if (/[^\r]\n|^\n|\r[^\n]|^[^A-Z]/.test(text)) throw new HeadFault(400, 'this is not HTTP');
      return false;
    }
    if (end > HEAD_BYTES_MAX) throw new HeadFault(431, 'the head is over 16 KiB');
    const start = parseRequestHead(rest.toString('latin1', 0, end + HEAD_END.length));
    this.#rest = leftOver(rest, end + HEAD_END.length);
    const target = parseTarget(start.method, start.target);
    if (start.method === 'CONNECT') this.#connect(start.target);
    else this.#dispatch(start, target);
    return true;
  }

  #takeBody(): boolean {
    const decoder = this.#decoder;
    if (!decoder || !this.#rest) return false;
    this.#changedMs = this.#options.clock.monotonic();
    const at = decoder.feed(this.#rest, 0);
    this.#rest = leftOver(this.#rest, at);
    if (decoder.body.complete) {
      this.#requestRead();
      return true;
    }
    if (decoder.body.blocked) this.#socket.pause();
    return false;
  }

  #connect(authority: string): void {
    const lead = this.#tunnelled === undefined ? this.#options.connect?.(authority) : 'refuse';
    if (lead === undefined) throw new HeadFault(405, 'CONNECT is not served here');
    if (lead === 'refuse') throw new HeadFault(403, 'this destination is not allowed');
    this.#socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (lead === 'http') {
      this.#tunnelled = authority;
      return;
    }
    this.#becomeTunnel();
    lead(this.#socket);
  }

  #dispatch(start: RequestStart, target: Target): void {
    const { clock, client, direction, handler } = this.#options;
    const destination = this.#destinationOf(start, target);
    const decoder = decoderOf(start);
    const startedMs = clock.monotonic();
    const request = new Request({
      method: start.method,
      path: target.path,
      query: target.query,
      authority: start.host ?? target.authority ?? '',
      destination,
      headers: start.headers,
      body: decoder?.body ?? Body.empty(),
      scope: new Scope(),
      client,
      upgrade: start.upgrade,
      startedMs,
      decision: {
        atMs: clock.now(),
        direction,
        method: start.method,
        path: target.path,
        destination,
        attempts: 1,
      },
      onContinue: start.expectsContinue ? () => this.#continue() : undefined,
    });
    this.#start = start;
    this.#scope = request.scope;
    this.#answered = false;
    this.#keepAlive = start.connection.includes('close')
      ? false
      : start.minor === 1 || start.connection.includes('keep-alive');
    this.#state = decoder ? 'body' : 'answer';
    if (decoder) this.#attach(decoder);
    handler(request).then(this.#answer, this.#crash);
  }

  #destinationOf(start: RequestStart, target: Target): string {
    if (this.#tunnelled !== undefined || this.#options.targets === 'origin') {
      if (target.authority !== undefined && target.authority !== start.host) {
        throw new HeadFault(400, 'Host and target name different hosts');
      }
      return this.#tunnelled ?? start.host ?? '';
    }
    if (target.authority === undefined) {
      throw new HeadFault(400, 'a proxy is asked with an absolute URL, such as http://host/path');
    }
    if (start.host !== undefined && !sameHost(start.host, target.authority)) {
      throw new HeadFault(400, 'Host and target name different hosts');
    }
    return target.authority;
  }

  #attach(decoder: BodyDecoder): void {
    this.#decoder = decoder;
    decoder.body.source = {
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      // What nobody reads is not read: the connection ends with the answer.
      cancel: () => {
        this.#keepAlive = false;
      },
    };
  }

  #continue(): void {
    if (!this.#answered && this.#state === 'body') {
      this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
  }

  readonly #crash = (error: unknown): void => {
    // The outermost layer answers every failure but those that take the connection away.
    this.#options.onFault?.(ProxyError.from(error));
    this.close();
  };

  readonly #answer = (response: Response): void => {
    const start = this.#start;
    if (this.#state === 'closed' || !start) {
      response.body.cancel(IDLE_ERROR);
      return;
    }
    this.#responseBody = response.body;
    if (response.tunnel) {
      this.#switchProtocols(response);
      return;
    }
    if (response.closes || this.#options.isDraining()) this.#keepAlive = false;
    const framing = framingOf(response, start);
    if (framing === 'close') this.#keepAlive = false;
    // A client that waits for 100 and gets an answer instead may or may not send its body.
    if (start.expectsContinue && this.#state === 'body') this.#keepAlive = false;
    const head = statusLine(response.status) + this.#fieldsOf(response, framing, start.minor);
    this.#writer.start(head, response.body, framing);
  };

  #fieldsOf(response: Response, framing: OutFraming, minor: number): string {
    let text = serializeFields(response.headers);
    if (framing === 'chunked') text += 'transfer-encoding: chunked\r\n';
    else if (framing === 'length') text += `content-length: ${response.body.length}\r\n`;
    else if (framing === 'none' && response.statedLength !== undefined) {
      text += `content-length: ${response.statedLength}\r\n`;
    }
    if (!this.#keepAlive) text += 'connection: close\r\n';
    else if (minor === 0) text += 'connection: keep-alive\r\n';
    return `${text}\r\n`;
  }

  #switchProtocols(response: Response): void {
    const { status, headers, tunnel } = response;
    if (!tunnel) return;
    const upgrade = `connection: upgrade\r\nupgrade: ${tunnel.protocol}\r\n`;
    this.#socket.write(`${statusLine(status)}${serializeFields(headers)}${upgrade}\r\n`, 'latin1');
    // It has none: this tells the layers that the exchange is over.
    discard(response.body, 0);
    this.#becomeTunnel();
    splice(this.#socket, tunnel.stream);
  }

  /** Hands the socket over; what had been read goes back into it. */
  #becomeTunnel(): void {
    this.#state = 'tunnel';
    this.#socket.removeAllListeners('data');
    this.#socket.removeAllListeners('end');
    this.#socket.pause();
    if (this.#rest) this.#socket.unshift(this.#rest);
    this.#rest = undefined;
  }

  /** The response has been written, or broke off. */
  #written(error: Error | undefined): void {
    this.#responseBody = undefined;
    if (error) {
      // The client must not take what it got for all of it.
      this.close();
      return;
    }
    this.#answered = true;
    this.#next();
  }

  #requestRead(): void {
    this.#decoder = undefined;
    this.#state = 'answer';
    this.#next();
  }

  /** Goes on to the next request when this one is both read and answered. */
  #next(): void {
    if (!this.#answered || this.#state === 'closed' || this.#state === 'tunnel') return;
    if (this.#state === 'body' || !this.#keepAlive) {
      this.#scope = undefined;
      this.#end('');
      return;
    }
    this.#answered = false;
    this.#scope = undefined;
    this.#start = undefined;
    this.#state = 'head';
    this.#changedMs = this.#options.clock.monotonic();
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#rest) process.nextTick(() => this.#readOn());
  }

  #readOn(): void {
    const rest = this.#rest;
    if (this.#state !== 'head' || !rest) return;
    this.#rest = undefined;
    this.#read(rest);
  }

  #refuse(fault: HeadFault): void {
    this.#options.onFault?.(fault);
    // Once an answer has begun there is only the end of the connection to say that it is wrong.
    const silent = this.#responseBody !== undefined || this.#answered || !isText(this.#rest);
    const { status } = fault;
    const allow = status === 405 ? 'allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n' : '';
    const fields = `${allow}content-length: 0\r\nconnection: close\r\n\r\n`;
    const open = this.#scope;
    this.#scope = undefined;
    this.#end(silent ? '' : statusLine(status) + fields);
    open?.cancel(fault);
    this.#decoder?.body.fail(fault);
    this.#responseBody?.cancel(fault);
    if (silent) this.#socket.destroy();
  }

  /** Says no more after `text`; what still comes in is read and dropped, so that it is not reset. */
  #end(text: string): void {
    this.#state = 'closed';
    this.#changedMs = this.#options.clock.monotonic();
    this.#rest = undefined;
    this.#socket.resume();
    this.#socket.end(text, 'latin1');
  }
}

function leftOver(chunk: Buffer, at: number): Buffer | undefined {
  return at < chunk.length ? chunk.subarray(at) : undefined;
}
