import { eventually } from '@faultline/chassis/testing/eventually';
import type { OtlpSink, SunkSpan } from '../../observability/telemetry/test/otlp-sink.ts';

type Test = (span: SunkSpan) => boolean;

/** All spans of one trace, as far as they have arrived. */
export class Trace {
  readonly id: string;
  readonly spans: readonly SunkSpan[];

  constructor(id: string, spans: readonly SunkSpan[]) {
    this.id = id;
    this.spans = spans;
  }

  /** The names of the services that took part. */
  get services(): Set<unknown> {
    const apps = this.spans.filter((span) => !isSidecar(span));
    return new Set(apps.map(({ resource }) => resource['service.name']));
  }

  get roots(): SunkSpan[] {
    return this.spans.filter(({ parentSpanId }) => parentSpanId === '');
  }

  /** Spans whose parent is not in the trace. */
  get orphans(): SunkSpan[] {
    const ids = new Set(this.spans.map(({ spanId }) => spanId));
    return this.spans.filter((span) => span.parentSpanId !== '' && !ids.has(span.parentSpanId));
  }

  /** `what` names it in the error. */
  find(what: string, test: Test): SunkSpan {
    const found = this.spans.find(test);
    if (found) return found;
    const names = this.spans.map(({ resource, name }) => `${resource['service.name']} ${name}`);
    throw new Error(`find ${what} in trace ${this.id}: it has ${[...new Set(names)].join(', ')}`);
  }

  /** The span and all above it, up to the root; without those of sidecars. */
  lineage(span: SunkSpan): SunkSpan[] {
    return this.path(span).filter((one) => !isSidecar(one));
  }

  /** The span and all above it, up to the root. */
  path(span: SunkSpan): SunkSpan[] {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? [span, ...this.path(parent)] : [span];
  }
}

/** Whether a sidecar wrote the span, not an app. */
export function isSidecar({ resource }: SunkSpan): boolean {
  return resource['service.name'] === 'linkerd-proxy';
}

/** Whether the span is one of this service, of this kind and name. */
export function isSpan(service: string, kind: SunkSpan['kind'], name: string): Test {
  return (span) =>
    span.resource['service.name'] === service && span.kind === kind && span.name === name;
}

/**
 * The trace of that id once nothing is missing any more: each of `last` is there, what comes last
 * in each of its branches, and every parent.
 */
export async function wholeTrace(
  sink: OtlpSink,
  id: string,
  last: Readonly<Record<string, Test>>,
): Promise<Trace> {
  return eventually(() => {
    const trace = new Trace(
      id,
      sink.spans.filter(({ traceId }) => traceId === id),
    );
    for (const [what, test] of Object.entries(last)) trace.find(what, test);
    if (trace.roots.length > 0 && trace.orphans.length === 0) return trace;
    const names = trace.orphans.map(({ resource, name }) => `${resource['service.name']} ${name}`);
    throw new Error(`trace ${id} has ${trace.roots.length} roots and orphans: ${names.join(', ')}`);
  }, 15_000);
}
