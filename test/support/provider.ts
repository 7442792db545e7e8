import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { System } from './system.ts';

const times = z.number().int();

/** A charge in the payment provider's own record. */
const charge = z.object({
  reference: z.string(),
  amount: z.object({ amount: z.number(), currency: z.string() }),
  status: z.enum(['none', 'authorized', 'declined', 'captured', 'voided', 'refunded']),
  effects: z.object({ authorize: times, capture: times, void: times, refund: times }),
});
export type Charge = z.output<typeof charge>;

/** What the provider has written down; of an authorisation without effect there is nothing. */
export async function readCharges(system: System): Promise<Charge[]> {
  const path = join(system.engine.dataDir, 'volumes/payment-provider-record/charges.jsonl');
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  // The last line of a charge is how it stands.
  const charges = new Map<string, Charge>();
  for (const line of lines) {
    const found = charge.parse(JSON.parse(line));
    charges.set(found.reference, found);
  }
  return [...charges.values()].filter(({ status }) => status !== 'none');
}
