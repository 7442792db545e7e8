import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';

/** Answers what the page asks of the engine and of Prometheus, in their shapes. */
export type Answers = Readonly<Record<string, (input: unknown) => unknown>>;

/** An engine's control socket that answers what it is given to. */
export async function serveEngine(path: string, answers: Answers): Promise<Server> {
  const server = createServer((req, res) => {
    void json(req).then((input) => {
      const call = answers[(req.url ?? '').slice(1)];
      res.writeHead(call ? 200 : 404, { 'content-type': 'application/json' });
      res.end(JSON.stringify(call ? call(input) : { error: `no call ${req.url}` }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return server;
}

/** A metric as a test makes it: its labels and its value now. */
export type MadeSeries = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
};

/**
 * Prometheus' query API over `series`: a query is the name of a metric it contains, the last one
 * that is known; a query with `oops` is wrong.
 */
export async function servePrometheus(series: readonly MadeSeries[]): Promise<Server> {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://localhost');
    const { status, body } = answer(url, series);
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function answer(url: URL, series: readonly MadeSeries[]): { status: number; body: object } {
  const names = [...new Set(series.map(({ metric }) => metric['__name__'] ?? ''))];
  const ok = (data: unknown) => ({ status: 200, body: { status: 'success', data } });
  const query = url.searchParams.get('query') ?? '';
  if (query.includes('oops')) {
    const error = '1:5: parse error: unexpected <op:/>';
    return { status: 400, body: { status: 'error', errorType: 'bad_data', error } };
  }
  const found = select(query, series);
  switch (url.pathname.replace('/api/v1/', '')) {
    case 'query': {
      const time = Number(url.searchParams.get('time') ?? Date.now() / 1_000);
      const result = found.map(({ metric, value }) => ({ metric, value: [time, String(value)] }));
      return ok({ resultType: 'vector', result });
    }
    case 'query_range': {
      const [start, end, step] = ['start', 'end', 'step'].map((name) =>
        Number(url.searchParams.get(name)),
      );
      return ok({
        resultType: 'matrix',
        result: found.map((one) => range(one, { start, end, step })),
      });
    }
    case 'label/__name__/values':
      return ok(names);
    case 'metadata':
      return ok({});
    default:
      return ok([]);
  }
}

/** Goes by equal signs and by `by`, and understands nothing else of PromQL. */
function select(query: string, series: readonly MadeSeries[]): readonly MadeSeries[] {
  const matchers = [...query.matchAll(/(\w+)="([^"]*)"/g)];
  const found = series.filter(
    ({ metric }) =>
      query.includes(metric['__name__'] ?? '?') &&
      matchers.every(([, label = '', value]) => metric[label] === value),
  );
  const [, by] = /\bby \(([^)]*)\)/.exec(query) ?? [];
  if (by === undefined) return found;
  const sums = new Map<string, MadeSeries>();
  for (const { metric, value } of found) {
    const kept = Object.fromEntries(by.split(', ').map((label) => [label, metric[label] ?? '']));
    const key = JSON.stringify(kept);
    sums.set(key, { metric: kept, value: value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}

function range(
  { metric, value }: MadeSeries,
  {
    start = 0,
    end = 0,
    step = 1,
  }: { start?: number | undefined; end?: number | undefined; step?: number | undefined },
) {
  const count = Math.min(1_000, Math.floor((end - start) / step) + 1);
  const values = Array.from({ length: count }, (_, at) => {
    const time = start + at * step;
    return [time, String(value * (1 + 0.2 * Math.sin(time / 40)))];
  });
  return { metric, values };
}
