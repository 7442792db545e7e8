import type { Clock } from '@faultline/chassis/clock';
import { searchProducts } from '@faultline/contracts/catalog';
import type { Send } from './http.ts';
import { Steps } from './steps.ts';

/** What a user knows of a product before he looks at it. */
export type Good = {
  id: string;
  slug: string;
  name: string;
  category: string;
  /** A word that finds it. */
  word: string;
  /** Where its pictures are. */
  pictures: readonly string[];
};

const attempts = 10;
const pauseMs = 1_000;
const productsMax = 500;

/**
 * Reads what the shop sells. Asks again for a while: load may begin while the shop is starting.
 * @throws StepFailed when there is no answer, Error when the shop is empty.
 */
export async function learnGoods(options: {
  send: Send;
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
}): Promise<Good[]> {
  const { clock, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAll(options);
    } catch (error) {
      if (attempt === attempts || signal.aborted) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

async function readAll(options: Parameters<typeof learnGoods>[0]): Promise<Good[]> {
  const nowMs = options.clock.monotonic();
  const ignore = () => undefined;
  const times = { startedMs: nowMs, dueMs: nowMs };
  const steps = new Steps({ ...options, ...times, journey: 'learn', onOutcome: ignore });
  const goods: Good[] = [];
  for (let cursor: string | null = ''; cursor !== null && goods.length < productsMax;) {
    const query: Record<string, string> = { limit: '100', ...(cursor && { cursor }) };
    const { body } = await steps.call(searchProducts, { query }, { expect: [200] });
    goods.push(...body.items.map(toGood));
    cursor = body.next_cursor;
  }
  if (goods.length === 0) throw new Error('load the shop: it sells nothing');
  return goods;
}

function toGood(product: {
  id: string;
  slug: string;
  name: string;
  category: string;
  images: readonly { renditions: readonly { url: string }[] }[];
}): Good {
  const { id, slug, name, category, images } = product;
  const words = name.split(/[^\p{L}\p{N}]+/u).toSorted((a, b) => b.length - a.length);
  const pictures = images.flatMap(({ renditions }) => renditions.map(({ url }) => url));
  return { id, slug, name, category, word: words[0] ?? name, pictures };
}
