import type { MetricSample } from './metrics.ts';

const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const blank = 32;
const brace = 123;

/** A line without its value: a series, or what is passed over. */
type Known = {
  /** Name and labels as they are written. */
  readonly series: string;
  /** Undefined where it is not wanted. */
  readonly of: Pick<MetricSample, 'name' | 'labels'> | undefined;
  /** Which line of the last text it was. */
  at: number;
};

/** The samples of Prometheus' text format; other lines are passed over. */
export function readExposition(text: string): MetricSample[] {
  return new ExpositionReader(() => true).read(text);
}

/**
 * Reads what one program tells again and again in Prometheus' text format. Programs tell the same
 * series in the same order each time: what is known of a line by the last text is not read anew.
 */
export class ExpositionReader {
  readonly #wanted: (name: string) => boolean;
  #lines: Known[] = [];
  #bySeries = new Map<string, Known>();

  /** `wanted` says by its name whether a series is of any use. */
  constructor(wanted: (name: string) => boolean) {
    this.#wanted = wanted;
  }

  /** The samples that are wanted, in their order. A line that makes no sense is passed over. */
  read(text: string): MetricSample[] {
    const samples: MetricSample[] = [];
    const lines: Known[] = [];
    let expected = 0;
    for (let start = 0; start < text.length;) {
      const next = text.indexOf('\n', start);
      const end = next < 0 ? text.length : next;
      const known = this.#knownAt(expected, text, start) ?? this.#look(text.slice(start, end));
      if (known.at >= expected) expected = known.at + 1;
      lines.push(known);
      const { series, of } = known;
      if (of) {
        const value = valueIn(text.slice(start + series.length, end));
        if (value !== undefined) samples.push({ ...of, value, series });
      }
      start = end + 1;
    }
    this.#keep(lines);
    return samples;
  }

  /** The line that is to be expected, if the text has it there. */
  #knownAt(expected: number, text: string, start: number): Known | undefined {
    const known = this.#lines[expected];
    if (known === undefined || !text.startsWith(known.series, start)) return undefined;
    const after = text.charCodeAt(start + known.series.length);
    return after === blank ? known : undefined;
  }

  #look(line: string): Known {
    const name = nameOf(line);
    const close = line.charCodeAt(name.length) === brace ? line.lastIndexOf('}') : -1;
    const series = close < 0 ? name : line.slice(0, close + 1);
    const known = this.#bySeries.get(series);
    if (known) return known;
    const isWanted = name !== '' && this.#wanted(name);
    const of = isWanted ? { name, labels: readLabels(series.slice(name.length)) } : undefined;
    const made = { series, of, at: -1 };
    this.#bySeries.set(series, made);
    return made;
  }

  #keep(lines: Known[]): void {
    this.#lines = lines;
    for (const [at, known] of lines.entries()) known.at = at;
    // What is no longer told would be kept for ever.
    if (this.#bySeries.size <= lines.length * 2) return;
    this.#bySeries = new Map(lines.map((known) => [known.series, known]));
  }
}

/** The name that a line begins with; '' for a comment or none. */
function nameOf(line: string): string {
  let at = 0;
  while (at < line.length && isOfName(line.charCodeAt(at))) at++;
  return line.slice(0, at);
}

function isOfName(code: number): boolean {
  const isLetter = (code | blank) >= 97 && (code | blank) <= 122;
  return isLetter || (code >= 48 && code <= 58) || code === 95;
}

/** The value is followed by a time, or by nothing. */
function valueIn(rest: string): number | undefined {
  const [value] = rest.trim().split(' ');
  return value === undefined || value === '' ? undefined : Number(value);
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
