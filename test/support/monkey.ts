import { systemClock } from '@faultline/chassis/clock';
import { pick } from './random.ts';
import type { System } from './system.ts';

/** Kills one instance after the other, as power loss would, and names them in order. */
export async function killAtRandom(
  system: System,
  options: { services: readonly string[]; random: () => number; durationMs: number },
): Promise<string[]> {
  const { services, random, durationMs } = options;
  const untilMs = systemClock.monotonic() + durationMs;
  const killed: string[] = [];
  while (systemClock.monotonic() < untilMs) {
    await systemClock.sleep(200 + random() * 800);
    const instances = services.flatMap((name) => system.engine.instances(name));
    const running = instances.filter(({ pid }) => pid !== null);
    if (running.length === 0) continue;
    const victim = pick(random, running);
    // It may be gone by itself in this very moment; then it is killed no more.
    if (victim.pid !== null && tryKill(victim.pid)) killed.push(victim.name);
  }
  return killed;
}

function tryKill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
