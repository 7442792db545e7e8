export type Labels = Readonly<Record<string, string | number | undefined>>;
type Kind = 'counter' | 'gauge' | 'histogram';

/** A series of Linkerd's older metrics vanishes when nothing has changed it for this long. */
const IDLE_MS = 600_000;

/** A number that is shown. Hot paths hold on to it: adding to one is a field access. */
export class Series {
  value = 0;
  readonly #read: (() => number) | undefined;

  constructor(read?: () => number) {
    this.#read = read;
  }

  current(): number {
    return this.#read ? this.#read() : this.value;
  }
}

/** A distribution over fixed buckets; cumulated only when shown. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.sum += value;
    this.count++;
    for (let at = 0; at < this.bounds.length; at++) {
      if (value <= (this.bounds[at] ?? 0)) {
        this.counts[at] = (this.counts[at] ?? 0) + 1;
        return;
      }
    }
  }
}

type Entry<T> = { readonly labels: string; readonly series: T; seen: number; changedMs: number };
type Family = {
  readonly kind: Kind;
  readonly help: string;
  readonly entries: Map<string, Entry<Series | Histogram>>;
};

/**
 * Everything the proxy counts, in the Prometheus text format. Handles stay valid for ever; a series
 * that nothing changes is left out after ten minutes and comes back with its next change.
 */
export class Registry {
  readonly #families = new Map<string, Family>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  counter(name: string, help: string, labels: Labels = {}): Series {
    return this.#entry({ name, help, kind: 'counter', labels }, () => new Series(), isSeries);
  }

  gauge(name: string, help: string, labels: Labels = {}): Series {
    return this.#entry({ name, help, kind: 'gauge', labels }, () => new Series(), isSeries);
  }

  /** A gauge or counter that is read when it is shown; the last reader of a series wins. */
  observed(
    name: string,
    help: string,
    options: { kind: Kind; labels?: Labels; read: () => number },
  ): void {
    const family = this.#family({ name, help, kind: options.kind });
    const labels = labelText(options.labels ?? {});
    const series = new Series(options.read);
    family.entries.set(labels, { labels, series, seen: 0, changedMs: this.#nowMs() });
  }

  histogram(
    name: string,
    help: string,
    options: { labels: Labels; bounds: readonly number[] },
  ): Histogram {
    const make = () => new Histogram(options.bounds);
    return this.#entry(
      { name, help, kind: 'histogram', labels: options.labels },
      make,
      isHistogram,
    );
  }

  /** Takes a series out for good. */
  remove(name: string, labels: Labels): void {
    this.#families.get(name)?.entries.delete(labelText(labels));
  }

  render(): string {
    const nowMs = this.#nowMs();
    let text = '';
    for (const [name, { kind, help, entries }] of this.#families) {
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
      for (const entry of entries.values()) {
        if (isIdle(entry, kind, nowMs)) continue;
        text +=
          entry.series instanceof Histogram
            ? renderHistogram(name, entry.labels, entry.series)
            : `${name}${braces(entry.labels)} ${entry.series.current()}\n`;
      }
    }
    return text;
  }

  #family({ name, help, kind }: { name: string; help: string; kind: Kind }): Family {
    let family = this.#families.get(name);
    if (!family) {
      family = { kind, help, entries: new Map() };
      this.#families.set(name, family);
    }
    return family;
  }

  #entry<T extends Series | Histogram>(
    meta: { name: string; help: string; kind: Kind; labels: Labels },
    make: () => T,
    is: (series: Series | Histogram) => series is T,
  ): T {
    const { entries } = this.#family(meta);
    const text = labelText(meta.labels);
    const known = entries.get(text)?.series;
    if (known && is(known)) return known;
    const series = make();
    entries.set(text, { labels: text, series, seen: 0, changedMs: this.#nowMs() });
    return series;
  }
}

function isSeries(series: Series | Histogram): series is Series {
  return series instanceof Series;
}

function isHistogram(series: Series | Histogram): series is Histogram {
  return series instanceof Histogram;
}

function isIdle(entry: Entry<Series | Histogram>, kind: Kind, nowMs: number): boolean {
  if (kind === 'gauge') return false;
  const value = entry.series instanceof Histogram ? entry.series.count : entry.series.current();
  if (value !== entry.seen) {
    entry.seen = value;
    entry.changedMs = nowMs;
  }
  return nowMs - entry.changedMs > IDLE_MS;
}

function renderHistogram(
  name: string,
  labels: string,
  { bounds, counts, sum, count }: Histogram,
): string {
  const comma = labels === '' ? '' : ',';
  let text = '';
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    below += counts[at] ?? 0;
    text += `${name}_bucket{${labels}${comma}le="${bound}"} ${below}\n`;
  }
  text += `${name}_bucket{${labels}${comma}le="+Inf"} ${count}\n`;
  return `${text}${name}_sum${braces(labels)} ${sum}\n${name}_count${braces(labels)} ${count}\n`;
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .flatMap(([name, value]) =>
      value === undefined ? [] : `${name}="${escapeValue(String(value))}"`,
    )
    .join(',');
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
