import type { OpenApiDocument } from '@faultline/contracts/openapi';
import { escapeHtml } from './html.ts';

/** The operations as a plain page: no script, no style, so that it needs no permission. */
export function renderGuide({ info, paths }: OpenApiDocument): string {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const call = escapeHtml(`${method.toUpperCase()} ${path}`);
      return `<tr><td><code>${call}</code><td>${escapeHtml(String(operation['summary']))}`;
    }),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(info.title)}: API</title>
<meta name="viewport" content="width=device-width">
<h1>${escapeHtml(info.title)}: API</h1><p>${escapeHtml(info.description)}
<p><a href="/api/openapi.json">OpenAPI 3.1 document</a> · <a href="/">Shop</a>
<table cellpadding="4"><thead><tr><th align="left">Call<th align="left">What it does<tbody>
${rows.join('\n')}
</table></html>`;
}
