/** A part of a trace, in microseconds after its start. */
export type Window = { readonly fromUs: number; readonly toUs: number };

/** Where a time is in the window, in percent of its width; what is outside ends just outside. */
export function percentIn({ fromUs, toUs }: Window, us: number): number {
  const share = toUs > fromUs ? (us - fromUs) / (toUs - fromUs) : 0;
  return 100 * Math.min(1.01, Math.max(-0.01, share));
}

/** A bar from one time to another; undefined when none of it is in the window. */
export function barIn(
  window: Window,
  fromUs: number,
  toUs: number,
): { readonly left: number; readonly width: number } | undefined {
  if (toUs < window.fromUs || fromUs > window.toUs) return undefined;
  const left = percentIn(window, fromUs);
  return { left, width: percentIn(window, toUs) - left };
}

/** `from-to` of an address, within the trace; all of it for what makes no sense. */
export function readWindow(text: string | null, durationUs: number): Window {
  const [, from = '', to = ''] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '') ?? [];
  const [fromUs, toUs] = [Number(from), Math.min(Number(to), durationUs)];
  return to !== '' && fromUs < toUs ? { fromUs, toUs } : { fromUs: 0, toUs: durationUs };
}

/** What {@link readWindow} reads; undefined for all of the trace. */
export function writeWindow({ fromUs, toUs }: Window, durationUs: number): string | undefined {
  const [from, to] = [Math.max(0, Math.floor(fromUs)), Math.min(durationUs, Math.ceil(toUs))];
  if (from >= to || (from === 0 && to === durationUs)) return undefined;
  return `${from}-${to}`;
}

/** The rows of a long list that are in sight, and a few around them. */
export function rowsInSight(list: {
  readonly count: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly height: number;
}): { readonly from: number; readonly to: number } {
  const around = 8;
  const { count, rowHeight, scrollTop, height } = list;
  const first = Math.floor(scrollTop / rowHeight) - around;
  const from = Math.max(0, Math.min(first, count));
  return { from, to: Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around) };
}
