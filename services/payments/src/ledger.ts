import { uuidv7 } from '@faultline/chassis/ids';
import type { Clock } from '@faultline/chassis/clock';
import type { Db } from '@faultline/chassis/postgres';
import type { Money } from '@faultline/contracts/common';

export type LedgerKind = 'capture' | 'refund';

/** One line of a ledger transaction: debits positive, credits negative. */
export type LedgerEntry = { account: 'provider_receivable' | 'sales'; amount: number };

/** The two sides of a movement of money: what the provider owes us, and what we have sold. */
export function entriesFor(kind: LedgerKind, amount: number): LedgerEntry[] {
  const debit = kind === 'capture' ? amount : -amount;
  return [
    { account: 'provider_receivable', amount: debit },
    { account: 'sales', amount: -debit },
  ];
}

/** Posts a movement; the database refuses a second one of a kind and one that does not balance. */
export async function post(
  tx: Db,
  clock: Clock,
  posting: { paymentId: string; kind: LedgerKind; money: Money },
): Promise<void> {
  const { paymentId, kind, money } = posting;
  const entries = entriesFor(kind, money.amount);
  await tx.query(
    `INSERT INTO ledger_entries (transaction_id, payment_id, kind, account, amount, currency)
     SELECT $1, $2, $3, account, amount, $4
     FROM unnest($5::text[], $6::bigint[]) AS entry (account, amount)`,
    [
      uuidv7(clock),
      paymentId,
      kind,
      money.currency,
      entries.map((entry) => entry.account),
      entries.map((entry) => entry.amount),
    ],
  );
}
