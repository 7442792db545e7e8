import type { HttpReply } from './http.ts';

type Judgement = { failure?: string; degraded?: boolean };

/** Whether it is a whole HTML page, and whether it tells that something is missing. */
export function isPage({ headers, body }: HttpReply): Judgement {
  const text = body.toString();
  const isHtml = String(headers['content-type']).startsWith('text/html');
  if (!isHtml || !text.trimEnd().endsWith('</html>')) {
    return { failure: `expected a whole page, got ${body.length} bytes` };
  }
  return { degraded: text.includes('class="notice warn"') };
}

/** As `isPage`, and whether it says `words`. */
export function showsPage(words: string): (reply: HttpReply) => Judgement {
  return (reply) => {
    const escaped = words
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('"', '&quot;');
    return reply.body.includes(escaped)
      ? isPage(reply)
      : { failure: `expected a page about ${words}` };
  };
}
