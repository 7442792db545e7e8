import { behave, type Behaviour, type Operation } from './behaviour.ts';
import { type ChargeRecord, newCharge, perform } from './charge.ts';
import { Journal } from './journal.ts';
import type { ChargeOutcome } from '../src/provider/sandbox-api.ts';

/** Older charges are forgotten: a sandbox need not remember for ever. */
const CHARGES_MAX = 100_000;

/** The sandbox's durable record of charges. Whatever a method returns is on the disk already. */
export class Charges {
  readonly #charges: Map<string, ChargeRecord>;
  readonly #journal: Journal;

  private constructor(charges: Map<string, ChargeRecord>, journal: Journal) {
    this.#charges = charges;
    this.#journal = journal;
  }

  static async open(dir: string): Promise<Charges> {
    const charges = new Map<string, ChargeRecord>();
    const { journal } = await Journal.open(dir, (lines) => {
      for (const line of lines) {
        // Written by this very class.
        const charge = JSON.parse(line) as ChargeRecord;
        charges.set(charge.reference, charge);
      }
      forgetOldest(charges);
      return [...charges.values()].map((charge) => JSON.stringify(charge));
    });
    return new Charges(charges, journal);
  }

  /** The charge, unless nothing ever took effect on it. */
  get(reference: string): ChargeRecord | undefined {
    const charge = this.#charges.get(reference);
    return charge?.status === 'none' ? undefined : charge;
  }

  /** Up to `limit` charges, oldest first, after the one with the reference `after`. */
  list(after: string | undefined, limit: number): ChargeRecord[] {
    const all = [...this.#charges.values()].filter((charge) => charge.status !== 'none');
    const start = after ? all.findIndex((charge) => charge.reference === after) + 1 : 0;
    return all.slice(start, start + limit);
  }

  /** Notes that an authorisation is asked for; whether the charge is the same as before, if any. */
  expect(wanted: Pick<ChargeRecord, 'reference' | 'amount' | 'token'>): boolean {
    const known = this.#charges.get(wanted.reference);
    if (!known) {
      this.#charges.set(wanted.reference, newCharge(wanted));
      forgetOldest(this.#charges);
      return true;
    }
    const { amount, currency } = known.amount;
    return (
      known.token === wanted.token &&
      amount === wanted.amount.amount &&
      currency === wanted.amount.currency
    );
  }

  /** Counts a call; undefined when there is no such charge. */
  arrive(reference: string, operation: Operation): Behaviour | undefined {
    const charge = this.#charges.get(reference);
    if (!charge) return undefined;
    return behave(charge.token, operation, charge.calls[operation]++);
  }

  /** Performs an operation on a known charge, once per key. */
  async perform(
    reference: string,
    request: { operation: Operation; key: string; decline?: string | undefined },
  ): Promise<ChargeOutcome> {
    const before = this.#charges.get(reference);
    if (!before) throw new Error(`perform ${request.operation}: there is no charge ${reference}`);
    const { charge, outcome } = perform(before, request);
    await this.#save(charge);
    return outcome;
  }

  /** Keeps the count of calls on the disk, too. */
  async keep(reference: string): Promise<void> {
    const charge = this.#charges.get(reference);
    if (charge) await this.#save(charge);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #save(charge: ChargeRecord): Promise<void> {
    this.#charges.set(charge.reference, charge);
    return this.#journal.append(JSON.stringify(charge));
  }
}

function forgetOldest(charges: Map<string, ChargeRecord>): void {
  for (const reference of charges.keys()) {
    if (charges.size <= CHARGES_MAX) return;
    charges.delete(reference);
  }
}
