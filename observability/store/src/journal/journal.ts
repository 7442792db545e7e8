import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@faultline/chassis/log';
import type { Block } from '../storage/block.ts';
import type { Generation } from '../storage/block-log.ts';
import { decodeFrames, encodeFrame, type Frame } from './frame.ts';

/** Waiting to be written; more are lost, for a slow disk must not cost memory. */
const QUEUE_BYTES_MAX = 16 * 1_024 * 1_024;
const SEGMENTS = 8;
const SEGMENT = /^spans-(\d{8})\.log$/;
const ARCHIVE = 'archive.log';

export type JournalOptions = {
  dir: string;
  /** Of the segments together; the oldest are deleted. The archive comes on top. */
  maxBytes: number;
  log: Logger;
};

type Segment = { number: number; bytes: number };

/**
 * Packed blocks in files that are only ever appended to, written in the background. Whatever goes
 * wrong with the disk costs what would have been written, and nothing else.
 */
export class Journal {
  readonly #options: JournalOptions;
  #queue: { frame: Buffer; generation: Generation }[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #segments: Segment[] = [];
  #file: FileHandle | undefined;
  /** Since the start. */
  readonly counts = { writtenBytes: 0, lostBlocks: 0, failures: 0 };

  private constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Makes the directory if need be and looks what is there. */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(options.dir, { recursive: true });
    const journal = new Journal(options);
    for (const name of (await readdir(options.dir)).toSorted()) {
      const number = SEGMENT.exec(name)?.[1];
      if (number === undefined) continue;
      const { size } = await stat(join(options.dir, name));
      journal.#segments.push({ number: Number(number), bytes: size });
    }
    await journal.#deleteOldest();
    return journal;
  }

  /** Has a packed block written soon. What was only moved within the memory is not. */
  append(block: Block, generation: Generation): void {
    if (generation === 'kept') return;
    const frame = encodeFrame(block);
    if (this.#queuedBytes + frame.length > QUEUE_BYTES_MAX) {
      this.counts.lostBlocks += 1;
      return;
    }
    this.#queue.push({ frame, generation });
    this.#queuedBytes += frame.length;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was appended is with the operating system, or lost. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  /** What an earlier run archived, and then its spans from the latest to the oldest. */
  async *frames(): AsyncGenerator<{ generation: Generation; frame: Frame }> {
    const earlier = this.#segments.map(({ number }) => segmentName(number)).toReversed();
    for (const name of [ARCHIVE, ...earlier]) {
      const generation = name === ARCHIVE ? 'archived' : 'young';
      for (const frame of (await this.#read(name)).toReversed()) yield { generation, frame };
    }
  }

  async #read(name: string): Promise<Frame[]> {
    const { dir, log } = this.#options;
    try {
      const file = await readFile(join(dir, name));
      const { frames, goodBytes } = decodeFrames(file);
      if (goodBytes < file.length) {
        const lostBytes = file.length - goodBytes;
        log.warn({ file: name, lost_bytes: lostBytes }, 'a segment ends in a broken block');
      }
      return frames;
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) log.error({ err: error, file: name }, 'a segment cannot be read');
      return [];
    }
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#write(batch);
      } catch (error) {
        this.counts.failures += 1;
        this.counts.lostBlocks += batch.length;
        this.#options.log.error({ err: error, blocks: batch.length }, 'spans cannot be written');
        await this.#rotate();
      } finally {
        for (const { frame } of batch) this.#queuedBytes -= frame.length;
      }
    }
  }

  async #write(batch: readonly { frame: Buffer; generation: Generation }[]): Promise<void> {
    for (const { frame, generation } of batch) {
      if (generation === 'archived') await this.#writeArchive(frame);
      else await this.#writeSegment(frame);
      this.counts.writtenBytes += frame.length;
    }
  }

  async #writeArchive(frame: Buffer): Promise<void> {
    const file = await open(join(this.#options.dir, ARCHIVE), 'a');
    try {
      await file.appendFile(frame);
    } finally {
      await file.close();
    }
  }

  async #writeSegment(frame: Buffer): Promise<void> {
    const { dir, maxBytes } = this.#options;
    if ((this.#segments.at(-1)?.bytes ?? 0) >= maxBytes / SEGMENTS) await this.#rotate();
    if (!this.#file) {
      // Never the last file of an earlier run: it may end in half a block.
      const number = (this.#segments.at(-1)?.number ?? 0) + 1;
      this.#file = await open(join(dir, segmentName(number)), 'a');
      this.#segments.push({ number, bytes: 0 });
      await this.#deleteOldest();
    }
    await this.#file.appendFile(frame);
    const segment = this.#segments.at(-1);
    if (segment) segment.bytes += frame.length;
  }

  async #rotate(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #deleteOldest(): Promise<void> {
    const { dir, maxBytes } = this.#options;
    const total = () => this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
    while (this.#segments.length > 1 && total() > maxBytes) {
      const [oldest] = this.#segments.splice(0, 1);
      if (oldest) await rm(join(dir, segmentName(oldest.number)), { force: true });
    }
  }
}

function segmentName(number: number): string {
  return `spans-${String(number).padStart(8, '0')}.log`;
}
