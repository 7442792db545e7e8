import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'koa';

const css = readFileSync(new URL('../../public/admin.css', import.meta.url));
const version = createHash('sha256').update(css).digest('hex').slice(0, 12);

/** Names the stylesheet by its content, so that it may be cached for ever. */
export const stylesheetUrl = `/admin/assets/admin.css?v=${version}`;

/** Serves the stylesheet; only what asks for this very version may keep it for ever. */
export function serveStylesheet(ctx: Context): void {
  ctx.set({
    'Cache-Control':
      ctx.query['v'] === version ? 'public, max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.type = 'text/css; charset=utf-8';
  ctx.body = css;
}
