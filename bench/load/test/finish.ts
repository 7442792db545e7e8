import type { FakeClock } from '@faultline/chassis/testing/fake-clock';

/** Moves the clock on until `going` has ended, an hour at most. */
export async function finish<T>(clock: FakeClock, going: Promise<T>): Promise<T> {
  let isOver = false;
  const over = going.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for (let seconds = 0; !isOver && seconds < 3_600; seconds++) {
    await new Promise(setImmediate);
    await clock.advance(1_000);
  }
  await over;
  return going;
}
