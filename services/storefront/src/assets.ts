import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { ProblemError } from '@faultline/chassis/errors';
import type { Context } from 'koa';

const compress = promisify(brotliCompress);

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

type Asset = { type: string; version: string; plain: Buffer; brotli: Buffer };

/** The files of `directories` that browsers load, kept in memory and named by their content. */
export class Assets {
  readonly #assets: ReadonlyMap<string, Asset>;

  private constructor(assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  /** Reads all style sheets, scripts and drawings; a directory that is not there has none. */
  static async load(directories: readonly string[]): Promise<Assets> {
    const assets = new Map<string, Asset>();
    for (const directory of directories) {
      for (const name of await namesIn(directory)) {
        const type = mediaTypes[extname(name)];
        if (type) assets.set(name, await read(join(directory, name), type));
      }
    }
    return new Assets(assets);
  }

  /** Where a file is, versioned; undefined when there is none, such as scripts never bundled. */
  url(name: string): string | undefined {
    const asset = this.#assets.get(name);
    return asset && `/assets/${name}?v=${asset.version}`;
  }

  /** Answers a request for a file; only one that names the right version may be kept for ever. */
  send(ctx: Context, name: string): void {
    const asset = this.#assets.get(name);
    if (!asset) throw new ProblemError('not_found', 'There is no such file.');
    const current = ctx.query['v'] === asset.version;
    const brotli = ctx.acceptsEncodings('br', 'identity') === 'br';
    ctx.set({
      'Cache-Control': current ? 'public, max-age=31536000, immutable' : 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      Vary: 'Accept-Encoding',
      ...(brotli ? { 'Content-Encoding': 'br' } : {}),
    });
    ctx.body = brotli ? asset.brotli : asset.plain;
    ctx.type = asset.type;
  }
}

async function read(path: string, type: string): Promise<Asset> {
  const plain = await readFile(path);
  const version = createHash('sha256').update(plain).digest('base64url').slice(0, 12);
  return { type, version, plain, brotli: await compress(plain) };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
