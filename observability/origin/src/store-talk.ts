import type { EdgeSample } from './model.ts';
import type { Row } from './rows.ts';

/** Less than this is no question that wants an answer. */
const ASKED_BYTES = 120;
const LEARNT_AT = 8;
/** How little an answer may be takes longer to learn: who starts fills caches. */
const SHORT_LEARNT_AT = 40;
/** A connection without a word says so for so many samples, and no longer. */
const UNGREETED_MAX = 3;
/** In samples, of a second each: blocking reads of streams last two or three. */
const WAIT_MAX = 3;
/** Who is looked at more often is judged by the second all the same: replies take their time. */
const JUDGED_MS = 900;

type Circumstances = {
  /** The instance has just started: it is judged by what it is not answered, but by nothing else. */
  readonly cold: boolean;
  /** Nothing is learnt now. */
  readonly frozen: boolean;
  /** Whether somebody waits for the instance itself. */
  readonly isWaitedFor: () => boolean;
};

type Manner = {
  readonly isAsked: boolean;
  readonly isIdle: boolean;
  readonly isWaited: boolean;
  readonly isUngreeted: boolean;
};

/**
 * How an instance and a store usually talk. A store has no replies to count: its silence shows in
 * bytes, its resets in connections.
 */
export class StoreTalk {
  #readPerWritten = 1;
  /** The least of that which has been seen of late: who writes much is told little. */
  #leastRead = 1;
  #idleShare = 0.5;
  /** Samples in a row without a question. */
  #idleRun = 0;
  /** Samples in a row since a question, without a word. */
  #waitedFor = 0;
  /** How many of them are usual: who reads a stream waits until there is something. */
  #usualWait = 0;
  #opens = 0;
  /** Samples since a connection was opened on which nothing has been said yet; 0 for none. */
  #ungreeted = 0;
  #samples = 0;
  /** Questions that were learnt from. */
  #learnt = 0;
  #gathered: EdgeSample | undefined;

  /** Takes in a sample; judges what a second's samples say by what is usual, and learns from it. */
  add(part: EdgeSample, row: Row, circumstances: Circumstances): void {
    const sample = this.#gathered ? joined(this.#gathered, part) : part;
    this.#gathered = sample.periodMs < JUDGED_MS ? sample : undefined;
    if (!this.#gathered) this.#take(sample, row, circumstances);
  }

  #take(sample: EdgeSample, row: Row, { cold, frozen, isWaitedFor }: Circumstances): void {
    const { bytesRead, bytesWritten } = sample;
    this.#samples++;
    const isLearnt = this.#samples > LEARNT_AT;
    const isAsked = bytesWritten >= ASKED_BYTES;
    // Even who has nothing to do asks now and then whether there is something.
    const isIdle = bytesWritten + bytesRead === 0;
    this.#idleRun = isIdle ? this.#idleRun + 1 : 0;
    const waitedBefore = this.#waitedFor;
    this.#ungreeted = nextUngreeted(this.#ungreeted, sample);
    const isUngreeted = this.#ungreeted > 1 && this.#ungreeted <= UNGREETED_MAX + 1;
    const isWaiting = bytesRead === 0 && (isAsked || this.#ungreeted > 0 || waitedBefore > 0);
    this.#waitedFor = isWaiting ? waitedBefore + 1 : 0;
    const isMute = isIdle && this.#idleShare ** this.#idleRun < 0.03;
    // One that says nothing may have nothing to say, unless somebody waits for it.
    const manner = { isAsked, isIdle, isWaited: isMute && isWaitedFor(), isUngreeted };
    if (isLearnt) this.#judge(sample, row, { ...manner, cold });
    // It came in the end: also while something else is broken.
    if (bytesRead > 0) this.#usualWait = nextWait(this.#usualWait, waitedBefore);
    if (!frozen || !isLearnt) this.#learn(sample, manner, isLearnt ? 0.05 : 0.3);
  }

  #judge(sample: EdgeSample, row: Row, { cold, ...manner }: Manner & { cold: boolean }): void {
    const { isAsked, isWaited, isUngreeted } = manner;
    const at = sample.atMs - sample.periodMs / 2;
    // Who has just started opens connections and drops them, and the store is well.
    const refused = cold ? 0 : refusedBy(sample);
    if (refused > 0) row.hard.add(at, refused, refused);
    if (refused > 0 || !(isAsked || isWaited || isUngreeted)) return;
    row.soft.add(at, isWaited || this.#isUnanswered(sample, manner) ? 1 : 0, 1);
    row.hard.add(at, !cold && this.#isBroken(sample) ? 1 : 0, 1);
  }

  #isUnanswered(
    { bytesRead, bytesWritten }: EdgeSample,
    { isAsked, isUngreeted }: Manner,
  ): boolean {
    if (bytesRead === 0 && this.#waitedFor <= this.#usualWait) return false;
    const isKnown = this.#learnt >= SHORT_LEARNT_AT;
    const isShort = bytesRead < (isKnown ? bytesWritten * this.#leastRead * 0.3 : 1);
    return isUngreeted || (isAsked && isShort);
  }

  /** Connections come and go, and bring little. */
  #isBroken(sample: EdgeSample): boolean {
    const { connectionsOpened, connectionsClosed, bytesRead, bytesWritten } = sample;
    return (
      connectionsOpened >= 1 &&
      connectionsClosed >= 1 &&
      connectionsOpened > this.#opens * 4 + 0.5 &&
      bytesRead <= bytesWritten * this.#readPerWritten * 0.5
    );
  }

  #learn(sample: EdgeSample, { isAsked, isIdle }: Manner, weight: number): void {
    const { connectionsOpened, bytesRead, bytesWritten } = sample;
    this.#idleShare += ((isIdle ? 1 : 0) - this.#idleShare) * weight;
    this.#opens += (Math.min(connectionsOpened, this.#opens + 1) - this.#opens) * weight;
    if (!isAsked) return;
    this.#learnt++;
    const most = this.#samples > LEARNT_AT ? this.#readPerWritten * 3 : 50;
    const ratio = Math.min(bytesRead / bytesWritten, most);
    this.#readPerWritten += (ratio - this.#readPerWritten) * weight;
    // No answer at all is not a small one.
    if (bytesRead > 0) this.#leastRead = Math.min(this.#leastRead * 1.01, bytesRead / bytesWritten);
  }
}

/** Two samples, one after the other, as one. */
function joined(first: EdgeSample, second: EdgeSample): EdgeSample {
  return {
    ...second,
    periodMs: first.periodMs + second.periodMs,
    connectionsOpened: first.connectionsOpened + second.connectionsOpened,
    connectionsClosed: first.connectionsClosed + second.connectionsClosed,
    bytesRead: first.bytesRead + second.bytesRead,
    bytesWritten: first.bytesWritten + second.bytesWritten,
  };
}

/** A store that is well says something on a new connection within the period or the next one. */
function nextUngreeted(
  samples: number,
  { bytesRead, connectionsOpened, connectionsClosed }: EdgeSample,
): number {
  if (bytesRead > 0) return 0;
  if (samples > 0) return samples + 1;
  return connectionsOpened > connectionsClosed ? 1 : 0;
}

/** Longer waits are no reader's: they are what is to be found. It is forgotten slowly. */
function nextWait(usual: number, waited: number): number {
  return waited <= WAIT_MAX ? Math.max(waited, usual * 0.99) : usual;
}

/** Connections that were closed before the store said a word. */
function refusedBy({ connectionsOpened, connectionsClosed, bytesRead }: EdgeSample): number {
  return bytesRead === 0 && connectionsClosed >= connectionsOpened ? connectionsOpened : 0;
}
