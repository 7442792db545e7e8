import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'koa';

const css = readFileSync(new URL('../../public/admin.css', import.meta.url));

/** Names the stylesheet by its content, so that it may be cached for ever. */
export const stylesheetUrl = `/admin/assets/admin.css?v=${createHash('sha256').update(css).digest('hex').slice(0, 12)}`;

/** Serves the stylesheet. */
export function serveStylesheet(ctx: Context): void {
  ctx.set({
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
  });
  ctx.type = 'text/css';
  ctx.body = css;
}
