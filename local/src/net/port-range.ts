export type PortRange = { lowest: number; highest: number };

const usual: PortRange = { lowest: 20_000, highest: 32_000 };
const leastPorts = 2_000;

/**
 * Where to look for ports to listen on: below those that the operating system takes for outgoing
 * connections, so that none can occupy a port between the check and its use. `outgoing` is the first
 * and the last of those, as in Linux's `ip_local_port_range`; most systems begin at 32768 or 49152, and
 * where nothing lies below there is no better place than the usual one.
 */
export function choosePortRange(outgoing: string): PortRange {
  const first = Number.parseInt(outgoing, 10) || 32_768;
  if (first >= usual.highest) return usual;
  if (first >= usual.lowest + leastPorts) return { ...usual, highest: first };
  return first >= 10_000 + leastPorts ? { lowest: 10_000, highest: first } : usual;
}
