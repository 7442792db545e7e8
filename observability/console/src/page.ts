import type { Asset } from './assets.ts';

/** Style sheets are read in this order; those of single views follow by name. */
const firstSheets = ['tokens.css', 'base.css'];

/**
 * The one document of the console. `token` is what calls that change something have to show,
 * `parts` what there is to ask besides the store.
 */
export function renderPage(
  assets: ReadonlyMap<string, Asset>,
  { token, parts }: { token: string; parts: readonly string[] },
): string {
  const url = (name: string) => escape(`/assets/${name}?v=${assets.get(name)?.version ?? 'none'}`);
  const sheets = [...assets.keys()].filter((name) => name.endsWith('.css'));
  const rest = sheets.filter((name) => !firstSheets.includes(name)).toSorted();
  const styles = [...firstSheets, ...rest].map(
    (name) => `<link rel="stylesheet" href="${url(name)}">`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="faultline-token" content="${escape(token)}">
<meta name="faultline-parts" content="${escape(parts.join(' '))}">
<title>Faultline</title>
<link rel="icon" href="${url('icon.svg')}">
${styles.join('\n')}
<script type="module" src="${url('console.js')}"></script>
</head>
<body><noscript>The console needs JavaScript. The shop itself does not.</noscript></body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
