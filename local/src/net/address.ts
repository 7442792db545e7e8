/** Where an instance's port really is on this machine. */
export type Address = { path: string } | { host: string; port: number };

/** As apps read it from `LISTEN_…`. */
export function formatListen(address: Address): string {
  return 'path' in address ? `unix:${address.path}` : `${address.host}:${address.port}`;
}

/** For `http.request` and `net.connect`. */
export function connectOptions(
  address: Address,
): { socketPath: string } | { host: string; port: number } {
  return 'path' in address ? { socketPath: address.path } : address;
}
