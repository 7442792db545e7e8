import type { Money } from '@faultline/contracts/common';

const formats = new Map<Money['currency'], Intl.NumberFormat>();

/** Minor units as people write them: `€1,299.00`. */
export function formatMoney({ amount, currency }: Money): string {
  const format =
    formats.get(currency) ?? new Intl.NumberFormat('en', { style: 'currency', currency });
  formats.set(currency, format);
  return format.format(amount / 100);
}

/** Minor units for an input: `12.50`. */
export function decimal(amount: number): string {
  return `${Math.trunc(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
}

/** Minor units of what somebody typed, or NaN; without floats, so `19.99` is exactly 1999. */
export function parseDecimal(text: string): number {
  const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : Number.NaN;
}
