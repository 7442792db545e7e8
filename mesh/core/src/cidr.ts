/**
 * Whether `address` lies in `cidr` (`10.0.0.0/8`, `fd00::/8`, or one address). An IPv4 address mapped
 * into IPv6 counts as IPv4; addresses of the other family, and text that is neither, do not match.
 */
export function matchCidr(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const base = parseAddress(network);
  const candidate = parseAddress(address);
  if (!base || base.bits !== candidate?.bits) return false;
  const length = prefix === undefined ? base.bits : Number(prefix);
  const shift = BigInt(base.bits - length);
  return base.value >> shift === candidate.value >> shift;
}

/** Whether `text` is a CIDR block or an address. */
export function isCidr(text: string): boolean {
  const [network = '', prefix, ...rest] = text.split('/');
  const base = parseAddress(network);
  if (!base || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= base.bits);
}

type Parsed = { bits: 32 | 128; value: bigint };

function parseAddress(text: string): Parsed | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  if (text.includes(':') && mapped === undefined) return parseIpv6(text);
  const octets = (mapped ?? text).split('.');
  const valid =
    octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
  return valid
    ? { bits: 32, value: octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n) }
    : undefined;
}

function parseIpv6(text: string): Parsed | undefined {
  const [head = '', tail, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return {
    bits: 128,
    value: groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n),
  };
}
