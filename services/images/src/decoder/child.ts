import { constants, setPriority } from 'node:os';
import { systemClock } from '@faultline/chassis/clock';
import sharp from 'sharp';
import { draw, render } from './decode.ts';
import type { Answer, Task } from './protocol.ts';

/*
 * The process that touches bytes from outside. It holds no secret and no connection; it may be
 * killed at any time, and ends itself when it needs too much memory or its parent is gone.
 */
const MEMORY_CHECK_INTERVAL_MS = 20;
const memoryBytesMax = Number(process.argv[2]);

// Where time is short pictures wait, not people.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
sharp.cache(false);
sharp.concurrency(1);

function answer(reply: Answer, then: () => void = () => undefined): void {
  process.send?.(reply, then);
}

function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

// The parent sends nothing but tasks.
process.on('message', (task: Task) => {
  void (task.kind === 'render' ? render(task.bytes) : draw(task.svg)).then((reply) =>
    answer(reply),
  );
});
process.on('disconnect', end);

for (;;) {
  if (process.memoryUsage.rss() > memoryBytesMax)
    answer({ kind: 'refused', reason: 'too_large' }, end);
  await systemClock.sleep(MEMORY_CHECK_INTERVAL_MS);
}
