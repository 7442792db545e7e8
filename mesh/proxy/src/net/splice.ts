import type { Duplex } from 'node:stream';

/** Passes bytes both ways until both sides have ended or one breaks. */
export function splice(a: Duplex, b: Duplex): void {
  const end = (): void => {
    a.destroy();
    b.destroy();
  };
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', end);
    from.on('close', end);
    from.pipe(to);
  }
}
