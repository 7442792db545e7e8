import type { Clock } from './clock.ts';

type Listener = (error: Error) => void;

/**
 * How long an exchange is wanted. Whoever gives up (the client went away, a timeout passed) cancels
 * with the reason; whatever waits for something listens and rejects with that reason.
 */
export class Scope {
  #error: Error | undefined;
  #listeners: Listener[] = [];
  #leaveParent: (() => void) | undefined;

  get error(): Error | undefined {
    return this.#error;
  }

  cancel(error: Error): void {
    if (this.#error) return;
    this.#error = error;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(error);
  }

  /** Calls `listener` once on cancellation; at once when that has happened. */
  listen(listener: Listener): void {
    if (this.#error) listener(this.#error);
    else this.#listeners.push(listener);
  }

  ignore(listener: Listener): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  /** A scope within this one: cancelled with it, or on its own. Release it when it is over. */
  child(): Scope {
    const child = new Scope();
    const pass: Listener = (error) => child.cancel(error);
    this.listen(pass);
    child.#leaveParent = () => this.ignore(pass);
    return child;
  }

  release(): void {
    this.#leaveParent?.();
    this.#leaveParent = undefined;
  }
}

/** Resolves after `ms`; rejects with the scope's reason when that comes first. */
export function pause(ms: number, scope: Scope, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: Error): void => {
      cancel();
      reject(error);
    };
    const cancel = clock.after(Math.max(0, ms), () => {
      scope.ignore(giveUp);
      resolve();
    });
    scope.listen(giveUp);
  });
}
