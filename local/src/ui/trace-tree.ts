/** A trace as Jaeger's query API tells it, as far as it is drawn. Times are microseconds. */
export type JaegerTrace = {
  traceID: string;
  spans: readonly JaegerSpan[];
  processes: Readonly<Record<string, { serviceName: string }>>;
};

type JaegerSpan = {
  spanID: string;
  operationName: string;
  processID: string;
  startTime: number;
  duration: number;
  references: readonly { refType: string; spanID: string }[];
  tags: readonly { key: string; value: unknown }[];
};

const barWidth = 30;
const sidecar = 'linkerd-proxy';

/** One line a span: what and whose it is, when and how long, an exclamation mark where it failed. */
export function drawTrace(trace: JaegerTrace, { sidecars }: { sidecars: boolean }): string[] {
  const tree = new Tree(trace, sidecars);
  const rows = tree.roots.flatMap((root) => tree.rows(root, ''));
  const widest = Math.max(0, ...rows.map(({ label }) => label.length));
  const from = Math.min(...trace.spans.map(({ startTime }) => startTime));
  const to = Math.max(...trace.spans.map(({ startTime, duration }) => startTime + duration));
  const folded = trace.spans.length - rows.length;
  return [
    `${trace.traceID}: ${trace.spans.length} spans, ${milliseconds(to - from)}${
      folded > 0 ? `, ${folded} of sidecars folded` : ''
    }`,
    ...rows.map(({ label, span }) => {
      const bar = barOf(span, { from, total: Math.max(1, to - from) });
      const mark = isFailed(span) ? '!' : ' ';
      return `${mark} ${label.padEnd(widest)}  ${bar}  ${milliseconds(span.duration)}`;
    }),
  ];
}

class Tree {
  readonly roots: readonly JaegerSpan[];
  readonly #trace: JaegerTrace;
  readonly #children = new Map<string | undefined, JaegerSpan[]>();

  constructor(trace: JaegerTrace, sidecars: boolean) {
    this.#trace = trace;
    const byId = new Map(trace.spans.map((span) => [span.spanID, span]));
    const shown = trace.spans.filter((span) => sidecars || this.#service(span) !== sidecar);
    const ids = new Set(shown.map(({ spanID }) => spanID));
    for (const span of shown.toSorted((a, b) => a.startTime - b.startTime)) {
      let parent = parentOf(span);
      // A folded span's children hang below what it hung below; a cycle of those ends at the top.
      for (let depth = 0; parent !== undefined && !ids.has(parent) && depth < 100; depth += 1) {
        const folded = byId.get(parent);
        parent = folded && parentOf(folded);
      }
      if (parent !== undefined && !ids.has(parent)) parent = undefined;
      const siblings = this.#children.get(parent) ?? [];
      this.#children.set(parent, [...siblings, span]);
    }
    this.roots = this.#children.get(undefined) ?? [];
  }

  rows(span: JaegerSpan, indent: string): { label: string; span: JaegerSpan }[] {
    const label = `${indent}${this.#service(span)} ${span.operationName}`;
    const children = this.#children.get(span.spanID) ?? [];
    return [{ label, span }, ...children.flatMap((child) => this.rows(child, `${indent}  `))];
  }

  #service({ processID }: JaegerSpan): string {
    return this.#trace.processes[processID]?.serviceName ?? '?';
  }
}

function parentOf({ references }: JaegerSpan): string | undefined {
  return references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
}

function isFailed({ tags }: JaegerSpan): boolean {
  return tags.some(({ key, value }) => key === 'error' && (value === true || value === 'true'));
}

function barOf(
  { startTime, duration }: JaegerSpan,
  { from, total }: { from: number; total: number },
): string {
  const start = Math.min(barWidth - 1, Math.floor(((startTime - from) / total) * barWidth));
  const length = Math.max(1, Math.round((duration / total) * barWidth));
  return `${' '.repeat(start)}${'━'.repeat(Math.min(length, barWidth - start))}`.padEnd(barWidth);
}

function milliseconds(us: number): string {
  return us < 10_000 ? `${(us / 1000).toFixed(2)} ms` : `${Math.round(us / 1000)} ms`;
}
