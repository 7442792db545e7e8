import {
  decodeRecording,
  encodeLine,
  type RecordedLine,
  type Recording,
  type RecordingHead,
} from '@faultline/origin/recording';
import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip, type Gzip, gunzipSync, gzipSync } from 'node:zlib';

const SUFFIX = '.jsonl.gz';

/**
 * Writes a recording while a run goes on. What was done in the run is known at its end, and stands
 * first in the file: a gzip file may have several members, of which the head is the first.
 */
export class RecordingWriter {
  readonly #path: string;
  readonly #part: string;
  readonly #gzip: Gzip;
  readonly #file: WriteStream;

  constructor(path: string) {
    this.#path = path;
    this.#part = `${path}.part`;
    this.#gzip = createGzip();
    this.#file = createWriteStream(this.#part);
    this.#gzip.pipe(this.#file);
  }

  /** Adds what the analysis was told just now; waits while the disk is behind. */
  async write(line: RecordedLine): Promise<void> {
    if (!this.#gzip.write(encodeLine(line))) await once(this.#gzip, 'drain');
  }

  /** Ends the recording, under its own name from now on. */
  async close(head: RecordingHead): Promise<void> {
    this.#gzip.end();
    await finished(this.#file);
    const whole = createWriteStream(this.#path);
    whole.write(gzipSync(encodeLine(head)));
    await pipeline(createReadStream(this.#part), whole);
    await rm(this.#part);
  }
}

/** Writes a whole recording. */
export async function writeRecording(dir: string, { head, lines }: Recording): Promise<string> {
  const path = join(dir, `${head.id}${SUFFIX}`);
  const writer = new RecordingWriter(path);
  for (const line of lines) await writer.write(line);
  await writer.close(head);
  return path;
}

/** Reads a recording. Throws a TypeError for what is none. */
export async function readRecording(path: string): Promise<Recording> {
  return decodeRecording(gunzipSync(await readFile(path)).toString('utf8'));
}

/** The recordings of a folder, by name. */
export async function listRecordings(dir: string): Promise<string[]> {
  const names = await readdir(dir);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .toSorted()
    .map((name) => join(dir, name));
}
