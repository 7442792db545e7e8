const SHARE = 0.7;
const MIN_MS = 10_000;
const MAX_MS = 24 * 3_600_000;

/** How long to wait before the next certificate: 70 % of what is left of this one, 10 s to 24 h. */
export function renewAfterMs(notAfterMs: number, nowMs: number): number {
  return Math.min(MAX_MS, Math.max(MIN_MS, (notAfterMs - nowMs) * SHARE));
}

/** `‹account›.‹namespace›.serviceaccount.identity.linkerd.cluster.local`. */
export function identityName(account: string, namespace: string): string {
  return `${account}.${namespace}.serviceaccount.identity.linkerd.cluster.local`;
}
