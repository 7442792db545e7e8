import type { HealthCheck } from './admin.ts';
import type { Clock } from './clock.ts';

const PATIENCE_MS = 2_000;

/**
 * Asks one dependency and tells whether it answers; late is no, until the answer is there after
 * all. Resolves with the answer, so that a dependency that hangs is not asked twice.
 */
export async function observeDependency(
  { name, check }: HealthCheck,
  { clock, tell }: { clock: Clock; tell: (dependency: { name: string; up: boolean }) => void },
): Promise<void> {
  const answered = new AbortController();
  void clock.sleep(PATIENCE_MS, answered.signal).then(() => {
    if (!answered.signal.aborted) tell({ name, up: false });
  });
  const up = await check().then(
    () => true,
    () => false,
  );
  answered.abort();
  tell({ name, up });
}
