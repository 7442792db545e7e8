const IDLE_GRACE_MS = 500;

/**
 * Ends the process with `code`: by itself when nothing is left to do, by force half a second later.
 * The only place of a service that may end its process.
 */
export function exitWhenIdle(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(code), IDLE_GRACE_MS).unref();
}

/** Ends the process now. */
export function exitNow(code: number): void {
  process.exit(code);
}
