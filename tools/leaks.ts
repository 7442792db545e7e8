/** A socket, server or process that was left open, as far as Node lets us see it. */
type Handle = { pid?: number; address?(): unknown; remotePort?: number; constructor: object };

/**
 * Names what tests leave open: call `mark` after each test file, and `report` at the end.
 * A leak cannot fail a test any more, but who left it is what one needs to know.
 */
export class LeakFinder {
  readonly #owners = new WeakMap<Handle, string>();
  #timers = 0;
  readonly #timerOwners: string[] = [];

  constructor() {
    this.mark('the test runner');
    this.#timerOwners.length = 0;
  }

  /** Everything that is open now and was not before belongs to `owner`. */
  mark(owner: string): void {
    for (const handle of openHandles()) {
      if (!this.#owners.has(handle)) this.#owners.set(handle, owner);
    }
    const timers = openTimers();
    if (timers > this.#timers) this.#timerOwners.push(owner);
    this.#timers = timers;
  }

  /** One line for each thing that is still open and came from a test file. */
  report(): string[] {
    const handles = openHandles().map((handle) => ({ handle, owner: this.#owners.get(handle) }));
    const lines = handles
      .filter(({ owner }) => owner !== undefined && owner !== 'the test runner')
      .map(({ handle, owner }) => `${describe(handle)} of ${owner}`);
    const timers = openTimers();
    if (timers > 0 && this.#timerOwners.length > 0) {
      lines.push(`${timers} timer(s), first seen after ${this.#timerOwners.join(', ')}`);
    }
    return lines;
  }
}

function openTimers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
}

function openHandles(): Handle[] {
  // No public call gives the handles themselves; without this one, leaks go unnamed.
  const list: unknown = Reflect.get(process, '_getActiveHandles')?.call(process);
  return Array.isArray(list) ? list : [];
}

function describe(handle: Handle): string {
  const kind = Reflect.get(handle.constructor, 'name');
  if (handle.pid !== undefined) return `${kind} ${handle.pid}`;
  if (handle.remotePort !== undefined) return `${kind} to port ${handle.remotePort}`;
  return `${kind} ${JSON.stringify(handle.address?.() ?? {})}`;
}
