import type { MetricSample } from './metrics.ts';

const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const space = 32;

/**
 * The samples of Prometheus' text format whose name `wanted` accepts (default all); other lines are
 * passed over.
 */
export function readExposition(
  text: string,
  wanted: (name: string) => boolean = () => true,
): MetricSample[] {
  const samples: MetricSample[] = [];
  const known = new Map<string, boolean>();
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('\n', start);
    const end = next < 0 ? text.length : next;
    const name = nameAt(text, start, end);
    let isWanted = known.get(name);
    if (isWanted === undefined) known.set(name, (isWanted = name !== '' && wanted(name)));
    if (isWanted) samples.push(...readSample(name, text.slice(start, end)));
    start = end + 1;
  }
  return samples;
}

/** The name that a line begins with; '' for a comment or none. */
function nameAt(text: string, start: number, end: number): string {
  let at = start;
  while (at < end && isOfName(text.charCodeAt(at))) at++;
  return text.slice(start, at);
}

function isOfName(code: number): boolean {
  const isLetter = (code | space) >= 97 && (code | space) <= 122;
  return isLetter || (code >= 48 && code <= 58) || code === 95;
}

function readSample(name: string, line: string): MetricSample[] {
  const close = line.lastIndexOf('}');
  const at = close < 0 ? name.length : close + 1;
  const [value] = line.slice(at).trim().split(' ');
  if (value === undefined || value === '') return [];
  const labels = close < 0 ? {} : readLabels(line.slice(name.length, close));
  return [{ name, labels, value: Number(value), series: line.slice(0, at) }];
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(label)) {
    labels[name] = value.includes('\\') ? value.replace(/\\(.)/g, unescape) : value;
  }
  return labels;
}

function unescape(_: string, char: string): string {
  return char === 'n' ? '\n' : char;
}
