import type { Money } from '@faultline/contracts/common';

const UNIT = /^(.+)_(mg|g|kg|mm|cm|m|km|ml|l|w|wh|v|hz|mb|gb|tb|minutes|hours|days)$/;

const countryNames = new Intl.DisplayNames('en', { type: 'region' });
const prices = new Map<Money['currency'], Intl.NumberFormat>();
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const minutes = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** `€1,299.00` */
export function formatMoney({ amount, currency }: Money): string {
  const format =
    prices.get(currency) ?? new Intl.NumberFormat('en', { style: 'currency', currency });
  prices.set(currency, format);
  return format.format(amount / 100);
}

/** `3 March 2026` */
export function formatDay(time: string | number): string {
  return days.format(new Date(time));
}

/** `14:05 UTC` */
export function formatMinute(time: string | number): string {
  return `${minutes.format(new Date(time))} UTC`;
}

/** `screen_size` as `Screen size`. */
export function formatName(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** An attribute's name and value; `weight_g: 1200` is Weight, 1,200 g. */
export function formatAttribute(
  name: string,
  value: string | number | boolean | readonly string[],
): { label: string; text: string } {
  const [, quantity, unit] = UNIT.exec(name) ?? [];
  if (typeof value === 'number' && quantity !== undefined) {
    return { label: formatName(quantity), text: `${formatNumber(name, value)} ${unit}` };
  }
  const text = typeof value === 'object' ? value.join(', ') : formatValue(value);
  return {
    label: formatName(name),
    text: typeof value === 'number' ? formatNumber(name, value) : text,
  };
}

/** A value as facets name it: `true` is Yes. */
export function formatValue(value: string | number | boolean): string {
  if (value === true || value === 'true') return 'Yes';
  if (value === false || value === 'false') return 'No';
  return String(value);
}

/** Years are not grouped in thousands. */
function formatNumber(name: string, value: number): string {
  return value.toLocaleString('en', { useGrouping: !name.endsWith('year') });
}

/** `1 product`, `3 products` */
export function formatCount(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/** `DE` as `Germany`; a code nobody knows stays as it is. */
export function formatCountry(code: string): string {
  return countryNames.of(code) ?? code;
}
