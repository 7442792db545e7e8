import {
  createWriteStream,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  type WriteStream,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

const maxBytes = 10 * 1024 * 1024;

/** A log file of bounded size: at 10 MB it becomes `….1`, and what was `….1` becomes `….2`. */
export class LogWriter {
  readonly path: string;
  readonly #maxBytes: number;
  #stream: WriteStream;
  #bytes: number;

  constructor(path: string, limit: { maxBytes: number } = { maxBytes }) {
    this.path = path;
    this.#maxBytes = limit.maxBytes;
    mkdirSync(dirname(path), { recursive: true });
    this.#stream = this.#open();
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Copies a process's output; a process that writes faster than the disk takes it is slowed. */
  follow(source: Readable): void {
    source.on('data', (chunk: Buffer) => {
      if (this.write(chunk)) return;
      source.pause();
      const stream = this.#stream;
      stream.once('drain', () => source.resume());
      stream.once('close', () => source.resume());
    });
  }

  write(chunk: Buffer | string): boolean {
    if (this.#bytes > this.#maxBytes) this.#rotate();
    this.#bytes += Buffer.byteLength(chunk);
    return this.#stream.write(chunk);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.end(resolve));
  }

  #rotate(): void {
    this.#stream.end();
    if (statSync(`${this.path}.1`, { throwIfNoEntry: false })) {
      renameSync(`${this.path}.1`, `${this.path}.2`);
    }
    renameSync(this.path, `${this.path}.1`);
    this.#stream = this.#open();
    this.#bytes = 0;
  }

  #open(): WriteStream {
    const stream = createWriteStream(this.path, { fd: openSync(this.path, 'a') });
    // A full disk must not end the engine; the processes' output is lost then.
    stream.on('error', () => undefined);
    return stream;
  }
}
