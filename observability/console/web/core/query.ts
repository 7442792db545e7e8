import { useEffect, useState } from 'preact/hooks';

/** What became of something that is asked for. `value` stays while it is asked for anew. */
export type Asked<T> = { value?: T; error?: Error; isBusy: boolean };

/**
 * Asks when the component appears, whenever `key` changes, and every `everyMs` where that is said.
 * What came too late for its key is dropped.
 */
export function useAsked<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): Asked<T> & { again(): void } {
  const [state, setState] = useState<Asked<T> & { key?: string }>({ isBusy: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    setState((before) => ({ ...(before.key === key && before), key, isBusy: true }));
    ask(gone.signal).then(
      (value) => gone.signal.aborted || setState({ key, value, isBusy: false }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const cause = error instanceof Error ? error : new Error(String(error));
        setState((before) => ({ ...before, error: cause, isBusy: false }));
      },
    );
    return () => gone.abort();
  }, [key, round]);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setRound((before) => before + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const { key: askedFor, ...asked } = state;
  const current = askedFor === key ? asked : { isBusy: true };
  return { ...current, again: () => setRound((before) => before + 1) };
}
