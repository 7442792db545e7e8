import { isUuid } from '@faultline/chassis/ids';

/** What somebody means to buy: products and quantities, never prices. */
export type Basket = ReadonlyMap<string, number>;

export const basketLinesMax = 20;
export const quantityMax = 99;
export const basketCookieName = 'faultline_basket';

const KEEP_SECONDS = 30 * 24 * 60 * 60;

/** Reads `<product id>.<quantity>` joined by `~`; what does not fit is left out. */
export function parseBasket(text: string): Basket {
  const basket = new Map<string, number>();
  for (const line of text.slice(0, 4_096).split('~')) {
    const [id = '', quantity = ''] = line.split('.', 2);
    const fits = isUuid(id) && /^[1-9]\d?$/.test(quantity) && basket.size < basketLinesMax;
    if (fits && !basket.has(id)) basket.set(id, Number(quantity));
  }
  return basket;
}

export function formatBasket(basket: Basket): string {
  return [...basket].map(([id, quantity]) => `${id}.${quantity}`).join('~');
}

/** The basket with more of a product, or null when it has no room for another one. */
export function addToBasket(basket: Basket, productId: string, quantity: number): Basket | null {
  if (!basket.has(productId) && basket.size >= basketLinesMax) return null;
  const total = Math.min(quantityMax, (basket.get(productId) ?? 0) + quantity);
  return new Map(basket).set(productId, total);
}

/** How many things are in the basket. */
export function countItems(basket: Basket): number {
  return [...basket.values()].reduce((sum, quantity) => sum + quantity, 0);
}

/** The `Set-Cookie` header that keeps the basket in the browser; an empty one is forgotten. */
export function basketCookie(basket: Basket, { secure }: { secure: boolean }): string {
  const maxAge = basket.size === 0 ? 0 : KEEP_SECONDS;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return `${basketCookieName}=${formatBasket(basket)}; Max-Age=${maxAge}; ${attributes}`;
}
