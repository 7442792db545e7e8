import type { MetricSample } from './metrics.ts';

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The samples of Prometheus' text format whose name `wanted` accepts (default all); other lines are
 * passed over.
 */
export function readExposition(
  text: string,
  wanted: (name: string) => boolean = () => true,
): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const one of text.split('\n')) {
    const [, name, labels = '', value] = line.exec(one) ?? [];
    if (name === undefined || value === undefined || !wanted(name)) continue;
    samples.push({ name, labels: readLabels(labels), value: Number(value) });
  }
  return samples;
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
