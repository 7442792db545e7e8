import { eventually } from '@faultline/chassis/testing/eventually';

/** Resolves when `check` says yes; rejects when that takes over 5 s. */
export function until(check: () => boolean | Promise<boolean>): Promise<void> {
  return eventually(async () => {
    if (!(await check())) throw new Error(`it never held: ${check.toString()}`);
  });
}
