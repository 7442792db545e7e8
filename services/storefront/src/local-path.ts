const ANY_ORIGIN = 'http://shop.invalid';

/** `text` when it is a path of this shop, else `/`: nobody is sent elsewhere by a link's `next`. */
export function localPath(text: string | null | undefined): string {
  if (!text || text.length > 1_024 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return '/';
  const url = URL.parse(text, ANY_ORIGIN);
  if (url?.origin !== ANY_ORIGIN || url.pathname.startsWith('//')) return '/';
  return `${url.pathname}${url.search}${url.hash}`;
}
