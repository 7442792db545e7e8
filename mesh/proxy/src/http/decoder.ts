import { Body } from './body.ts';
import { HeadFault, parseTrailers } from './head.ts';
import { isTrailer, withoutHeaders } from './headers.ts';

const SIZE_LINE_MAX = 256;
const TRAILERS_MAX = 8 * 1024;
const SIZE_LINE = /^([0-9a-f]{1,8})(?:[ \t]*;[\t\x20\x21\x23-\x7e]{0,128})?\r\n$/i;
const LF = 0x0a;

export type Framing = { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' };

/** Takes the bytes of one body out of a connection's stream and pushes them into a `Body`. */
export class BodyDecoder {
  readonly body: Body;
  readonly #framing: Framing['kind'];
  #state: 'size' | 'data' | 'crlf' | 'trailers' = 'size';
  /** Bytes left of the body (`length`) or of the chunk. */
  #left: number;
  /** The beginning of a line whose end has not come. */
  #partial = '';
  #trailers = '';

  constructor(framing: Framing) {
    this.#framing = framing.kind;
    this.#left = framing.kind === 'length' ? framing.bytes : 0;
    this.body = new Body(framing.kind === 'length' ? framing.bytes : undefined);
  }

  /** Consumes `chunk` from `at`; returns where it stopped. Done when `body.complete`. @throws HeadFault */
  feed(chunk: Buffer, at: number): number {
    switch (this.#framing) {
      case 'length':
        return this.#feedLength(chunk, at);
      case 'close':
        if (at < chunk.length) this.body.push(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
      case 'chunked':
        return this.#feedChunked(chunk, at);
    }
  }

  /** The stream ended: the end of a body without a frame, an error for any other. */
  eof(error: Error): void {
    if (this.#framing === 'close') this.body.end();
    else this.body.fail(error);
  }

  #feedLength(chunk: Buffer, at: number): number {
    const next = this.#pushData(chunk, at);
    if (this.#left === 0) this.body.end();
    return next;
  }

  #pushData(chunk: Buffer, at: number): number {
    const next = Math.min(chunk.length, at + this.#left);
    if (next === at) return at;
    this.#left -= next - at;
    this.body.push(at === 0 && next === chunk.length ? chunk : chunk.subarray(at, next));
    return next;
  }

  #feedChunked(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && !this.body.complete) {
      if (this.#state === 'data') {
        at = this.#pushData(chunk, at);
        if (this.#left === 0) this.#state = 'crlf';
        continue;
      }
      const newline = chunk.indexOf(LF, at);
      const end = newline < 0 ? chunk.length : newline + 1;
      this.#partial += chunk.toString('latin1', at, end);
      at = end;
      if (this.#partial.length > (this.#state === 'trailers' ? TRAILERS_MAX : SIZE_LINE_MAX)) {
        throw new HeadFault(400, 'a line between chunks is too long');
      }
      if (newline < 0) return at;
      const line = this.#partial;
      this.#partial = '';
      this.#takeLine(line);
    }
    return at;
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') this.#takeSize(line);
    else if (this.#state === 'trailers') this.#takeTrailer(line);
    else if (line === '\r\n') this.#state = 'size';
    else throw new HeadFault(400, 'a chunk is longer than its size');
  }

  #takeSize(line: string): void {
    const size = SIZE_LINE.exec(line)?.[1];
    if (size === undefined) throw new HeadFault(400, 'a chunk size cannot be read');
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
  }

  #takeTrailer(line: string): void {
    if (line !== '\r\n') {
      this.#trailers += line;
      if (this.#trailers.length > TRAILERS_MAX)
        throw new HeadFault(431, 'the trailers are too long');
      return;
    }
    if (this.#trailers === '') return this.body.end();
    const trailers = withoutHeaders(parseTrailers(this.#trailers), (name) => !isTrailer(name));
    return this.body.end(trailers.length === 0 ? undefined : trailers);
  }
}
