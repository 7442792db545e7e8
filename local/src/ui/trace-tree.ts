import {
  isConsumer,
  isFailed,
  type JaegerSpan,
  labelOf,
  statementOf,
  storeOf,
  tagOf,
} from './span-label.ts';

/** A trace as Jaeger's query API tells it, as far as it is drawn. */
export type JaegerTrace = {
  traceID: string;
  spans: readonly JaegerSpan[];
  processes: Readonly<Record<string, { serviceName: string }>>;
};

export type DrawOptions = {
  /** With the spans of sidecars; otherwise calls are marked with how many they went through. */
  sidecars: boolean;
  /** With each statement; otherwise those that follow each other are one line. */
  statements: boolean;
};

type Row = {
  readonly label: string;
  readonly startTime: number;
  readonly duration: number;
  readonly failed: boolean;
};

const barWidth = 30;
const sidecar = 'linkerd-proxy';
/** Deeper than any trace that is none of somebody's mistakes. */
const depthMax = 200;

/** One line a span: what and whose it is, when and how long, an exclamation mark where it failed. */
export function drawTrace(trace: JaegerTrace, options: DrawOptions): string[] {
  const tree = new Tree(trace, options);
  const rows = tree.roots.flatMap((root) => tree.rows([root], 0));
  const widest = Math.max(0, ...rows.map(({ label }) => label.length));
  const from = Math.min(...trace.spans.map(({ startTime }) => startTime));
  const to = Math.max(...trace.spans.map(({ startTime, duration }) => startTime + duration));
  return [
    `${trace.traceID}: ${trace.spans.length} spans, ${milliseconds(to - from)}${tree.folded}`,
    ...rows.map((row) => {
      const bar = barOf(row, { from, total: Math.max(1, to - from) });
      const mark = row.failed ? '!' : ' ';
      return `${mark} ${row.label.padEnd(widest)}  ${bar}  ${milliseconds(row.duration)}`;
    }),
  ];
}

class Tree {
  readonly roots: readonly JaegerSpan[];
  readonly #trace: JaegerTrace;
  readonly #options: DrawOptions;
  readonly #byId: ReadonlyMap<string, JaegerSpan>;
  readonly #children = new Map<string | undefined, JaegerSpan[]>();
  /** Folded spans by the call that went through them. */
  readonly #passes = new Map<string, JaegerSpan[]>();

  constructor(trace: JaegerTrace, options: DrawOptions) {
    this.#trace = trace;
    this.#options = options;
    this.#byId = new Map(trace.spans.map((span) => [span.spanID, span]));
    for (const span of trace.spans.toSorted((a, b) => a.startTime - b.startTime)) {
      const above = this.#above(span);
      if (this.#isShown(span)) push(this.#children, above, span);
      else if (above !== undefined) push(this.#passes, above, span);
    }
    this.roots = this.#children.get(undefined) ?? [];
  }

  /** What is not shown, in words. */
  get folded(): string {
    const count = this.#trace.spans.filter((span) => !this.#isShown(span)).length;
    return count === 0 ? '' : `, ${count} of them sidecars’ (⇄; --sidecars shows them)`;
  }

  /** The rows of spans that stand in one line, and of those below. */
  rows(spans: readonly JaegerSpan[], depth: number): Row[] {
    const [first] = spans;
    if (!first || depth > depthMax) return [];
    const endTime = Math.max(...spans.map(({ startTime, duration }) => startTime + duration));
    const row = {
      label: `${'  '.repeat(depth)}${this.#label(spans, first)}`,
      startTime: first.startTime,
      duration: endTime - first.startTime,
      failed: spans.some(isFailed),
    };
    const below = this.#inLines(this.#children.get(first.spanID) ?? []);
    return [row, ...below.flatMap((line) => this.rows(line, depth + 1))];
  }

  #label(spans: readonly JaegerSpan[], first: JaegerSpan): string {
    const service = this.#service(first);
    const [parent] = this.#parents(first);
    if (spans.length > 1) return `${service} → ${storeOf(first)}  ${statements(spans)}`;
    return [
      labelOf(service, first),
      ...(isConsumer(first) && parent ? [`(after ${waited(parent, first)})`] : []),
      ...this.#passed(first),
      ...(parent === undefined && parentOf(first) !== undefined ? ['(what led here is lost)'] : []),
    ].join(' ');
  }

  /** `⇄ 2`: through so many sidecars. */
  #passed(span: JaegerSpan): string[] {
    const passes = this.#passes.get(span.spanID) ?? [];
    if (passes.length === 0) return [];
    const sidecars = new Set(passes.map((one) => one.processID));
    const isAttempt = (one: JaegerSpan) =>
      tagOf(one, 'direction') === 'outbound' && tagOf(one, 'span.kind') === 'client';
    const attempts = passes.filter(isAttempt).length;
    return [`⇄ ${sidecars.size}${attempts > 1 ? `, ${attempts} attempts` : ''}`];
  }

  /** Statements that follow each other stand in one line, as long as all went well. */
  #inLines(spans: readonly JaegerSpan[]): JaegerSpan[][] {
    const lines: JaegerSpan[][] = [];
    for (const span of spans) {
      const line = lines.at(-1);
      if (line?.[0] && this.#isJoined(line[0], span)) line.push(span);
      else lines.push([span]);
    }
    return lines;
  }

  #isJoined(before: JaegerSpan, span: JaegerSpan): boolean {
    const store = storeOf(span);
    return (
      !this.#options.statements &&
      store !== undefined &&
      store === storeOf(before) &&
      this.#service(before) === this.#service(span) &&
      [before, span].every((one) => !isFailed(one) && !this.#children.has(one.spanID))
    );
  }

  #isShown(span: JaegerSpan): boolean {
    return this.#options.sidecars || this.#service(span) !== sidecar;
  }

  /** What it hangs below: a folded span's children hang below what that hung below. */
  #above(span: JaegerSpan): string | undefined {
    return this.#parents(span).find((one) => this.#isShown(one))?.spanID;
  }

  /** From its parent up to the top; none for a span of a cycle, which stands at the top itself. */
  #parents(span: JaegerSpan): JaegerSpan[] {
    const parents: JaegerSpan[] = [];
    const seen = new Set([span]);
    for (let at = this.#parent(span); at; at = this.#parent(at)) {
      if (seen.has(at)) return [];
      seen.add(at);
      parents.push(at);
    }
    return parents;
  }

  #parent(span: JaegerSpan): JaegerSpan | undefined {
    const id = parentOf(span);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  #service({ processID }: JaegerSpan): string {
    return this.#trace.processes[processID]?.serviceName ?? '?';
  }
}

function push(
  map: Map<string | undefined, JaegerSpan[]>,
  key: string | undefined,
  span: JaegerSpan,
) {
  const spans = map.get(key);
  if (spans) spans.push(span);
  else map.set(key, [span]);
}

/** `BEGIN, INSERT ×5, COMMIT` */
function statements(spans: readonly JaegerSpan[]): string {
  const runs: { name: string; count: number }[] = [];
  for (const name of spans.map(statementOf)) {
    const last = runs.at(-1);
    if (last?.name === name) last.count += 1;
    else runs.push({ name, count: 1 });
  }
  return runs.map(({ name, count }) => (count > 1 ? `${name} ×${count}` : name)).join(', ');
}

/** How long an entry lay in a stream. */
function waited(producer: JaegerSpan, consumer: JaegerSpan): string {
  const us = consumer.startTime - (producer.startTime + producer.duration);
  return milliseconds(Math.max(0, us));
}

function parentOf({ references }: JaegerSpan): string | undefined {
  return references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
}

function barOf(
  { startTime, duration }: Row,
  { from, total }: { from: number; total: number },
): string {
  const start = Math.min(barWidth - 1, Math.floor(((startTime - from) / total) * barWidth));
  const length = Math.max(1, Math.round((duration / total) * barWidth));
  return `${' '.repeat(start)}${'━'.repeat(Math.min(length, barWidth - start))}`.padEnd(barWidth);
}

function milliseconds(us: number): string {
  return us < 10_000 ? `${(us / 1000).toFixed(2)} ms` : `${Math.round(us / 1000)} ms`;
}
