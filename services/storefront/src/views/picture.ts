import type { Product } from '@faultline/contracts/catalog';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { strata } from './strata.ts';

type Pictured = { readonly slug: string; readonly images: Product['images'] };
type Rendition = Product['images'][number]['renditions'][number];

/** The renditions of one picture that this shop serves itself, smallest first. */
export function renditionsOf(image: Product['images'][number] | undefined): Rendition[] {
  return (image?.renditions ?? [])
    .filter(({ url, media_type }) => url.startsWith('/media/') && media_type === 'image/webp')
    .toSorted((a, b) => a.width - b.width);
}

/** A picture of a product, in the size that fits, or a drawing until there is one. */
export function picture(options: {
  of: Pictured;
  /** Which of the product's pictures. */
  index?: number;
  alt: string;
  /** How wide it will be shown, as in the `sizes` attribute. */
  sizes: string;
  loading: 'eager' | 'lazy';
}): VNode {
  const { of, index = 0, alt, sizes, loading } = options;
  const renditions = renditionsOf(of.images[index]);
  const largest = renditions.at(-1);
  if (!largest)
    return html`<span class="picture">${strata(of.slug, { width: 400, height: 300 })}</span>`;
  return html`<span class="picture"
    ><img
      src=${largest.url}
      srcset=${renditions.map(({ url, width }) => `${url} ${width}w`).join(', ')}
      sizes=${sizes}
      width=${largest.width}
      height=${largest.height}
      alt=${alt}
      loading=${loading}
      decoding="async"
      fetchpriority=${loading === 'eager' ? 'high' : undefined}
  /></span>`;
}
