import type { RequestOptions } from 'node:http';

/** Whom a request is for, whatever carries it there. `url` has no credentials and no query. */
export type LogicalPeer = {
  readonly address: string;
  readonly port: number;
  readonly url: string;
};

const HOST_WITH_PORT = /^(\[[^\]]+\]|[^:]+):\d+$/;

/**
 * Names the peer a request is meant for. A client that speaks to a forward proxy itself dials the
 * proxy and puts the peer in the request line; what Node's own proxy support does comes later, and
 * the options still name the peer.
 */
export function logicalPeer(options: RequestOptions): LogicalPeer {
  const path = options.path ?? '/';
  const target = /^https?:\/\//i.test(path) ? path : `${origin(options)}${path}`;
  const url = URL.canParse(target) ? new URL(target) : new URL('http://invalid/');
  return {
    address: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort(url.protocol) : Number(url.port),
    url: `${url.protocol}//${url.host}${url.pathname}`,
  };
}

function origin({ protocol, hostname, host, port }: RequestOptions): string {
  const scheme = protocol ?? 'http:';
  if (!hostname && host && HOST_WITH_PORT.test(host)) return `${scheme}//${host}`;
  const name = hostname || host || 'localhost';
  const literal = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
  return port ? `${scheme}//${literal}:${port}` : `${scheme}//${literal}`;
}

function defaultPort(protocol: string): number {
  return protocol === 'https:' ? 443 : 80;
}
