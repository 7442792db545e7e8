import { sendJson, streamJson } from '../http/respond.ts';
import type { Exchange, Handler } from '../http/router.ts';
import { ParamError } from './params.ts';

export type V1Error = {
  readonly code?: number;
  readonly msg: string;
  readonly traceID?: string;
};

/** Answers in the envelope of Jaeger's first API; its paging fields are 0. */
export function sendV1(
  exchange: Exchange,
  data: unknown,
  options: { total?: number; errors?: readonly V1Error[] } = {},
): void {
  const { total = 0, errors = null } = options;
  sendJson(exchange, 200, { data, total, limit: 0, offset: 0, errors });
}

/** The same, its `data` a list in pieces. */
export async function streamV1(
  exchange: Exchange,
  items: Iterable<Iterable<string>>,
  options: { total: number; errors: readonly V1Error[] },
): Promise<void> {
  await streamJson(exchange, envelope(items, options));
}

/** An error in the envelope of Jaeger's first API. */
export function sendV1Error(exchange: Exchange, code: number, msg: string): void {
  const errors: V1Error[] = [{ code, msg }];
  sendJson(exchange, code, { data: null, total: 0, limit: 0, offset: 0, errors });
}

/** Answers 400 for a parameter that makes no sense. */
export function withV1Errors(handler: Handler): Handler {
  return async (exchange) => {
    try {
      await handler(exchange);
    } catch (error) {
      if (!(error instanceof ParamError)) throw error;
      exchange.req.resume();
      sendV1Error(exchange, 400, error.message);
    }
  };
}

function* envelope(
  items: Iterable<Iterable<string>>,
  { total, errors }: { total: number; errors: readonly V1Error[] },
): Generator<string> {
  yield '{"data":[';
  let isFirst = true;
  for (const item of items) {
    if (!isFirst) yield ',';
    isFirst = false;
    yield* item;
  }
  const shown = errors.length === 0 ? null : errors;
  yield `],"total":${total},"limit":0,"offset":0,"errors":${JSON.stringify(shown)}}`;
}
