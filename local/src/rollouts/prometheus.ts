import { type Clock, deadlineSignal } from '@faultline/chassis/clock';
import { z } from 'zod';

/** Where metrics are asked for. */
export type MetricSource = {
  /**
   * The value of a PromQL expression now; undefined when it has none, or is not a number.
   * Throws when it cannot be asked, or does not understand.
   */
  query(promql: string, signal?: AbortSignal): Promise<number | undefined>;
};

type Fetch = (
  url: string,
  init: { signal: AbortSignal },
) => Promise<{ status: number; text(): Promise<string> }>;

/** Where nobody measures. */
export const noMetrics: MetricSource = {
  query: () => Promise.reject(new Error('there is no Prometheus: nobody watches this system')),
};

const sample = z.tuple([z.number(), z.string()]);

const reply = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ value: sample })),
    }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('matrix'), result: z.array(z.unknown()) }),
  ]),
});

const problem = z.object({ error: z.string() });

const timeoutMs = 5_000;

type PrometheusOptions = {
  url: string;
  clock: Clock;
  fetch: Fetch;
  /** What was so at that time; default: what is so now. */
  atMs?: number;
};

/** Prometheus' query API at a URL, asked as Flagger asks it. */
export function prometheus({ url, clock, fetch, atMs }: PrometheusOptions): MetricSource {
  return {
    async query(promql, signal) {
      using deadline = deadlineSignal(clock, clock.monotonic() + timeoutMs, signal);
      const text = promql.replaceAll(/\s+/g, ' ').trim();
      const address = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
      address.searchParams.set('query', text);
      if (atMs !== undefined) address.searchParams.set('time', String(atMs / 1_000));
      const answer = await fetch(address.href, { signal: deadline.signal });
      return toValue(answer.status, await answer.text());
    },
  };
}

function toValue(status: number, text: string): number | undefined {
  const body = parse(text);
  const parsed = reply.safeParse(body);
  if (!parsed.success || status >= 400) {
    const told = problem.safeParse(body);
    const why = told.success ? told.data.error : text.slice(0, 200);
    throw new Error(`ask Prometheus: it answered ${status}: ${why}`);
  }
  const { data } = parsed.data;
  if (data.resultType === 'matrix') {
    throw new Error('ask Prometheus: expected one value, not one for each of many times');
  }
  // As Flagger does: of many series the last one counts.
  const last = data.resultType === 'scalar' ? data.result : data.result.at(-1)?.value;
  return last && toNumber(last[1]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toNumber(text: string): number | undefined {
  const infinity = /^(?<sign>[+-]?)Inf$/.exec(text)?.groups;
  if (infinity) return infinity['sign'] === '-' ? -Infinity : Infinity;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}
