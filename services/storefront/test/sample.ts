import { seedId } from '@faultline/chassis/ids';
import type { Category, Facet, Product } from '@faultline/contracts/catalog';
import type { Order } from '@faultline/contracts/orders';
import type { Account, Address } from '@faultline/contracts/profiles';

const TIME = '2026-03-03T14:05:00.000Z';

/** A product with a picture in three sizes, unless `changes` say otherwise. */
export function product(name: string, changes: Partial<Product> = {}): Product {
  const slug =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'x';
  return {
    id: seedId('product', slug),
    slug,
    name,
    description: `${name} is made to be used every day.\nIt can be repaired.`,
    category: 'kitchen',
    price: { amount: 4_900, currency: 'EUR' },
    attributes: { material: 'steel', weight_g: 1_200, dishwasher_safe: true },
    image_ids: [seedId('image', slug)],
    images: [],
    status: 'active',
    version: 1,
    created_at: TIME,
    updated_at: TIME,
    ...changes,
  };
}

/** A picture as the images service describes it. */
export function image(hash: string): Product['images'][number] {
  const sizes = [
    [320, 240],
    [640, 480],
    [1_280, 960],
  ] as const;
  return {
    image_id: seedId('image', hash),
    renditions: sizes.map(([width, height]) => ({
      width,
      height,
      media_type: 'image/webp',
      url: `/media/${hash}-${width}.webp`,
    })),
  };
}

export const kettle = product('Slow kettle', { images: [image('kettle')] });
export const pan = product('Iron pan', { price: { amount: 3_550, currency: 'EUR' } });
export const lamp = product('Desk lamp', { category: 'lighting' });

export const categories: Category[] = [
  { slug: 'kitchen', name: 'Kitchen', product_count: 2 },
  { slug: 'lighting', name: 'Lighting', product_count: 1 },
];

export const facets: Facet[] = [
  {
    name: 'material',
    values: [
      { value: 'steel', count: 2 },
      { value: 'iron', count: 1 },
    ],
  },
];

export const accountId = seedId('account', 'ada@example.com');

export const account: Account = {
  id: accountId,
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  role: 'customer',
  disabled: false,
  created_at: TIME,
};

export const address: Address = {
  id: seedId('address', 'home'),
  name: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  postal_code: 'SW1Y 4JH',
  country: 'GB',
};

/** An order of two kettles. */
export function order(changes: Partial<Order> = {}): Order {
  const { id: _id, ...shipping_address } = address;
  return {
    id: seedId('order', 'first'),
    account_id: accountId,
    status: 'confirmed',
    failure_reason: null,
    failure_detail: null,
    lines: [
      {
        product_id: kettle.id,
        slug: kettle.slug,
        name: kettle.name,
        quantity: 2,
        unit_price: kettle.price,
        total: { amount: 9_800, currency: 'EUR' },
      },
    ],
    total: { amount: 9_800, currency: 'EUR' },
    shipping_address,
    created_at: TIME,
    updated_at: TIME,
    ...changes,
  };
}
