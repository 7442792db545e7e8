import type { CrashPoint } from '@faultline/chassis/crash';
import type { Outbox } from '@faultline/chassis/outbox';
import type { Db, Postgres } from '@faultline/chassis/postgres';

/** What the whole service is a function of. */
export type InventoryDeps = {
  postgres: Postgres;
  outbox: Pick<Outbox, 'append' | 'nudge'>;
  crash?: CrashPoint | undefined;
};

/** Runs `work` in one transaction with the events it writes; `name` is for crash points. */
export async function change<T>(
  { postgres, outbox, crash }: InventoryDeps,
  name: string,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  const result = await postgres.transaction(async (tx) => {
    const value = await work(tx);
    crash?.(`inventory.${name}.before-commit`);
    return value;
  });
  crash?.(`inventory.${name}.after-commit`);
  outbox.nudge();
  return result;
}
