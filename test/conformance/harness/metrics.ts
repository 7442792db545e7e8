export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

type Wanted = Readonly<Record<string, string>>;

/** What a proxy's `/metrics` says. */
export class Metrics {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parseLine);
  }

  /** All series of `name` that carry `labels`, and perhaps more. */
  series(name: string, labels: Wanted = {}): Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** The sum of these series; 0 when there are none. */
  sum(name: string, labels: Wanted = {}): number {
    return this.series(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** The label names of these series. */
  labelsOf(name: string): string[] {
    return Object.keys(this.series(name)[0]?.labels ?? {});
  }

  /** The upper bounds of a histogram's buckets. */
  boundsOf(name: string): string[] {
    const bounds = this.series(`${name}_bucket`).map(({ labels }) => labels['le'] ?? '');
    return [...new Set(bounds)];
  }
}

function parseLine(line: string): Sample {
  const [, name = '', braces = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  const labels = Object.fromEntries(Array.from(pairs, ([, key = '', text = '']) => [key, text]));
  return { name, labels, value: Number(value) };
}
