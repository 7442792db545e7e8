import type { Duplex } from 'node:stream';
import type { Body, Sink } from './body.ts';
import type { Headers } from './headers.ts';

/** How the end of a body is marked for the reader. */
export type OutFraming = 'none' | 'length' | 'chunked' | 'close';

const CRLF = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';
/** Up to this size a head and the first bytes of its body are worth copying together. */
const COPIED_MAX = 16 * 1024;

export function serializeFields(headers: Headers): string {
  let text = '';
  for (let at = 0; at < headers.length; at += 2)
    text += `${headers[at]}: ${headers[at + 1]}${CRLF}`;
  return text;
}

/**
 * Writes messages to one connection, one after the other: the head together with the first bytes of
 * the body, the rest as it comes, no faster than the peer reads.
 */
export class MessageWriter implements Sink {
  readonly #stream: Duplex;
  readonly #done: (error: Error | undefined) => void;
  readonly #drained = (): void => {
    this.#waiting = false;
    this.#body?.resume();
  };
  #head = '';
  #body: Body | undefined;
  #framing: OutFraming = 'none';
  #waiting = false;

  /** `done` is called once for each message: with the error when its body broke off. */
  constructor(stream: Duplex, done: (error: Error | undefined) => void) {
    this.#stream = stream;
    this.#done = done;
  }

  /** `head` goes to the empty line inclusive. */
  start(head: string, body: Body, framing: OutFraming): void {
    this.#head = head;
    this.#body = body;
    this.#framing = framing;
    if (framing === 'chunked') {
      this.#stream.cork();
      body.pipe(this);
      this.#stream.uncork();
    } else body.pipe(this);
    this.#flushHead();
  }

  data(chunk: Buffer): void {
    if (this.#framing === 'none' || chunk.length === 0) return;
    let written: boolean;
    if (this.#framing === 'chunked') written = this.#writeChunk(chunk);
    else if (this.#head !== '' && chunk.length <= COPIED_MAX) written = this.#writeWithHead(chunk);
    else {
      this.#flushHead();
      written = this.#stream.write(chunk);
    }
    if (!written) this.#wait();
  }

  end(trailers: Headers | undefined): void {
    if (this.#framing === 'chunked') {
      const tail = trailers ? `0${CRLF}${serializeFields(trailers)}${CRLF}` : LAST_CHUNK;
      this.#write(this.#takeHead() + tail);
    }
    this.#flushHead();
    this.#finish(undefined);
  }

  fail(error: Error): void {
    this.#finish(error);
  }

  #writeChunk(chunk: Buffer): boolean {
    this.#write(`${this.#takeHead()}${chunk.length.toString(16)}${CRLF}`);
    this.#stream.write(chunk);
    return this.#write(CRLF);
  }

  #writeWithHead(chunk: Buffer): boolean {
    const head = this.#takeHead();
    const both = Buffer.allocUnsafe(head.length + chunk.length);
    both.write(head, 0, 'latin1');
    chunk.copy(both, head.length);
    return this.#stream.write(both);
  }

  #takeHead(): string {
    const head = this.#head;
    this.#head = '';
    return head;
  }

  #flushHead(): void {
    if (this.#head !== '') this.#write(this.#takeHead());
  }

  #write(text: string): boolean {
    return this.#stream.write(text, 'latin1');
  }

  #wait(): void {
    if (this.#waiting || !this.#body) return;
    this.#waiting = true;
    this.#body.pause();
    this.#stream.once('drain', this.#drained);
  }

  #finish(error: Error | undefined): void {
    this.#body = undefined;
    if (this.#waiting) {
      this.#waiting = false;
      this.#stream.off('drain', this.#drained);
    }
    this.#done(error);
  }
}
