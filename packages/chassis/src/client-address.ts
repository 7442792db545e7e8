/**
 * The part of a client's address that one party controls: an IPv4 address as it is, an IPv6
 * address down to its /64, because a subscriber is given that many. What is neither is kept.
 */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!address.includes(':')) return address.slice(0, 64);
  const [head = '', tail] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const hextets = tail === undefined ? left : [...left, ...zeros, ...right];
  return `${hextets.slice(0, 4).map(withoutLeadingZeros).join(':')}::/64`.slice(0, 64);
}

function withoutLeadingZeros(hextet: string): string {
  return hextet.replace(/^0+(?=.)/, '');
}
