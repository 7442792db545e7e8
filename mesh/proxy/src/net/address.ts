/** A TCP address or a Unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

export function addressText(address: Address): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`;
}
