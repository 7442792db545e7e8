import { encodeJsonRequest } from '../../src/otlp/json-request.ts';
import { walkRequest } from '../../src/otlp/request.ts';
import type { Resource, Scope } from '../../src/storage/interner.ts';
import type { AddResult, TraceStore } from '../../src/storage/trace-store.ts';
import { SpanScan } from '../../src/wire/span-scan.ts';
import { type OtlpSpan, request, type Whose } from './otlp.ts';

export type Added = AddResult;

/** Adds spans to a store without a server around it; says what became of each. */
export function eachSpan(
  store: TraceStore,
  { spans, whose, slow = false }: { spans: readonly OtlpSpan[]; whose?: Whose; slow?: boolean },
): Added[] {
  const scan = new SpanScan();
  const results: Added[] = [];
  let group: { resource: Resource; scope: Scope } | undefined;
  const { body, refused } = encodeJsonRequest(JSON.stringify(request(spans, whose)));
  if (refused.length > 0) throw new Error(`spans that cannot be encoded: ${refused.join('; ')}`);
  walkRequest(body, {
    group: (resource, scope) => {
      group = { resource: store.resources.intern(resource), scope: store.scopes.intern(scope) };
    },
    span: (bytes, start, end) => {
      scan.scan(bytes, start, end);
      if (group) results.push(store.add(scan, { ...group, slow }));
    },
    refused: (error) => {
      throw error;
    },
  });
  return results;
}
