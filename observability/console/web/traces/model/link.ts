/** The address of a value that is one, if a browser may go there; undefined for any other. */
export function linkOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    return undefined;
  }
  const url = new URL(value);
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
  // Names without a dot are services of the mesh, which only its members reach.
  const isReachable = url.hostname.includes('.') || url.hostname === 'localhost';
  return isWeb && isReachable && url.username === '' ? url.href : undefined;
}
