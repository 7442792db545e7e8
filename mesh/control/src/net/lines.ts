/** Splits a stream of bytes into lines, none longer than `bytesMax`. */
export class LineSplitter {
  readonly #bytesMax: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that `chunk` completes. Throws a RangeError when one is too long. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let bytes = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10)) {
      this.#check(at);
      lines.push(bytes.toString('utf8', 0, at));
      bytes = bytes.subarray(at + 1);
    }
    this.#check(bytes.byteLength);
    this.#rest = bytes;
    return lines;
  }

  #check(length: number): void {
    if (length > this.#bytesMax) {
      throw new RangeError(`read line: expected at most ${this.#bytesMax} bytes`);
    }
  }
}
