/** A new call counts for so much of the share, and what was before it for the rest. */
const NEWEST = 0.25;
const MOST = 0.7;

/**
 * Whether most of the last calls of a kind took longer than nearly all of them usually do. A few that
 * take long may be chance, and where they come often enough the line above which a single call is slow
 * lies above them. When all take long it is another matter, wherever that line lies.
 */
export class Shift {
  #share = 0;

  /** Of the calls that have just ended, in any number, how many were above the line. */
  note(above: number, total: number): void {
    if (total <= 0) return;
    const kept = (1 - NEWEST) ** total;
    this.#share = this.#share * kept + (above / total) * (1 - kept);
  }

  /** True from about the fifth call in a row on, until every other call is as usual. */
  get isNow(): boolean {
    return this.#share >= MOST;
  }
}

/** Above this, in milliseconds, a shift is no busy machine's doing, where half of the calls usually take `medianMs`. */
export function shiftLine(medianMs: number): number {
  return Math.max(medianMs * 4, medianMs + 150);
}
