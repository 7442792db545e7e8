import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Asset, loadAssets } from './assets.ts';
import { refusalOf, safeHeaders } from './guard.ts';
import { forward, type ForwardTarget } from './net/forward.ts';
import { renderPage } from './page.ts';
import { type Upstream, upstreamOf } from './upstreams.ts';

export type ConsoleOptions = {
  /** Answers `/api/*`: the trace store's own public API. */
  readonly api: RequestListener;
  /** `http://host:port`; undefined where there are no metrics. */
  readonly prometheusUrl: string | undefined;
  /** The Unix socket of the local engine; undefined in a cluster. */
  readonly engineSocket: string | undefined;
  /** What calls that change something have to show. */
  readonly token: string;
  /** Names by which the console may be called, besides this machine's own for itself. */
  readonly hosts: readonly string[];
};

const folders = ['public', 'dist'].map((name) => `${import.meta.dirname}/../${name}`);
const forEver = 'public, max-age=31536000, immutable';

/** The console's page and its parts, and the APIs that the page asks, all of one origin. */
export async function createConsole(options: ConsoleOptions): Promise<RequestListener> {
  const assets = await loadAssets(folders);
  const page = renderPage(assets, { token: options.token, parts: partsOf(options) });
  return (req, res) => {
    const { url = '/', method = 'GET', headers } = req;
    const path = url.split('?', 1)[0] ?? '/';
    const upstream = upstreamOf(method, path);
    for (const [name, value] of Object.entries(safeHeaders)) res.setHeader(name, value);
    const refusal = refusalOf({ method, isData: upstream !== undefined, headers }, options);
    if (refusal) return refuse({ req, res }, refusal.status, refusal.detail);
    if (upstream) return passOn({ req, res }, upstream, options);
    if (method !== 'GET' && method !== 'HEAD') return refuse({ req, res }, 405, 'expected GET');
    if (path.startsWith('/assets/')) return void sendAsset({ req, res }, assets.get(path.slice(8)));
    send({ req, res }, { 'Content-Type': 'text/html; charset=utf-8' }, Buffer.from(page));
  };
}

/** What the page can count on, so that it does not ask in vain. */
function partsOf({ engineSocket, prometheusUrl }: ConsoleOptions): string[] {
  return [
    ...(engineSocket === undefined ? [] : ['engine']),
    ...(prometheusUrl === undefined ? [] : ['prometheus']),
  ];
}

type Exchange = { readonly req: IncomingMessage; readonly res: ServerResponse };

function passOn(exchange: Exchange, upstream: Upstream, options: ConsoleOptions): void {
  const { req, res } = exchange;
  const ask = (name: string, target: ForwardTarget) => {
    forward(exchange, target).catch((error: unknown) => {
      if (res.headersSent) res.destroy();
      else refuse(exchange, 502, `${name} does not answer: ${String(error)}`);
    });
  };
  switch (upstream.kind) {
    case 'store':
      return options.api(req, res);
    case 'prometheus': {
      if (options.prometheusUrl === undefined) return refuse(exchange, 501, 'there are no metrics');
      const base = new URL(options.prometheusUrl);
      const path = base.pathname.replace(/\/$/, '') + upstream.path + queryOf(req);
      const target = { host: base.hostname, port: base.port || 80, path };
      return ask('Prometheus', target);
    }
    case 'engine': {
      const { engineSocket: socketPath } = options;
      if (socketPath === undefined)
        return refuse(exchange, 501, 'no local engine runs this system');
      return ask('the engine', { socketPath, path: upstream.path });
    }
    case 'nowhere':
      return refuse(exchange, 404, 'the console does not pass this on');
  }
}

function queryOf({ url = '' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

async function sendAsset(exchange: Exchange, asset: Asset | undefined): Promise<void> {
  if (!asset) return refuse(exchange, 404, 'there is no such file');
  const { req } = exchange;
  // Parts that are loaded on demand carry their version in their name.
  const isNamed = queryOf(req) === `?v=${asset.version}` || (req.url ?? '').includes('/chunk-');
  const isSmall = /\bbr\b/.test(String(req.headers['accept-encoding'] ?? ''));
  const headers = {
    'Content-Type': asset.type,
    'Cache-Control': isNamed ? forEver : 'no-cache',
    Vary: 'Accept-Encoding',
    ...(isSmall && { 'Content-Encoding': 'br' }),
  };
  send(exchange, headers, isSmall ? await asset.brotli() : asset.plain);
}

function send({ req, res }: Exchange, headers: Record<string, string>, body: Buffer): void {
  res.writeHead(200, { 'Cache-Control': 'no-store', ...headers, 'Content-Length': body.length });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function refuse({ req, res }: Exchange, status: number, detail: string): void {
  req.resume();
  res.writeHead(status, { 'Content-Type': 'application/problem+json' });
  res.end(req.method === 'HEAD' ? undefined : JSON.stringify({ title: 'Refused', status, detail }));
}
