/** A time in which something was so; `untilMs` is Infinity where it is not known to have ended. */
export type Spell = { readonly sinceMs: number; readonly untilMs: number };
