import { setStock, stockUpdate } from '@faultline/contracts/inventory';
import type { Visit } from './visit.ts';

/** A change of stock that was refused: why, and what had been typed. */
export type RefusedStock = { productId: string; typed: string; notice: string; status: number };

/** Sets what the submitted form says is available; undefined when that was done. */
export async function changeStock(visit: Visit): Promise<RefusedStock | undefined> {
  const productId = visit.id('product');
  const form = await visit.form();
  const typed = form.get('available') ?? '';
  const refuse = (status: number, notice: string) => ({ productId, typed, notice, status });
  const body = stockUpdate.safeParse({
    available: wholeNumber(typed),
    version: wholeNumber(form.get('version') ?? ''),
  });
  if (!body.success) return refuse(400, 'Please write a whole number from 0 to 1000000.');
  const reply = await visit.need('inventory', setStock, {
    params: { id: productId },
    body: body.data,
  });
  if (reply.status === 200) return undefined;
  return refuse(
    412,
    'This stock changed meanwhile, so nothing was saved. You see what it is now, and what you typed.',
  );
}

function wholeNumber(text: string): number {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : Number.NaN;
}
