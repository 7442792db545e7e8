import { signal } from '@preact/signals';
import type { Change, Frame, Incident } from './wire.ts';

/** An incident that somebody saved, with all that the page needs to show it again. */
export type Imported = {
  readonly name: string;
  readonly frames: readonly Frame[];
  readonly incidents: readonly Incident[];
  readonly changes: readonly Change[];
};

/** What was opened from a file; undefined shows the running system. */
export const imported = signal<Imported | undefined>(undefined);
