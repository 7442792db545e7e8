import Mocha from 'mocha';

const reasons = new WeakMap<object, string>();

/** Skips the running test, or from a `before` hook its whole suite, and says why in the report. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable();
  const skipped = runnable instanceof Mocha.Hook ? runnable.parent : runnable;
  reasons.set(skipped ?? runnable, reason);
  return context.skip();
}

/** Why a test was skipped: its own reason or that of a suite around it. */
export function skipReason(test: { parent?: Mocha.Suite | undefined }): string {
  let at: { parent?: Mocha.Suite | undefined } | undefined = test;
  while (at !== undefined) {
    const reason = reasons.get(at);
    if (reason !== undefined) return reason;
    at = at.parent;
  }
  return 'no reason given';
}
