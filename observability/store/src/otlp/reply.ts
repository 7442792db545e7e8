import type { ServerResponse } from 'node:http';
import { Writer } from '../wire/writer.ts';
import type { IngestResult } from './ingest.ts';

/** The two encodings of OTLP/HTTP; an answer has that of its request. */
export type Encoding = 'json' | 'protobuf';

const TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
};

/** Numbers of `google.rpc.Code`, by HTTP status. */
const CODES: Readonly<Record<number, number>> = {
  400: 3,
  413: 3,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};

/** Answers 200: all was taken, or all but what `result` says was refused. */
export function replyTaken(res: ServerResponse, encoding: Encoding, result: IngestResult): void {
  const { rejected, message } = result;
  send(res, { status: 200, encoding, body: takenBody(encoding, { rejected, message }) });
}

function takenBody(
  encoding: Encoding,
  { rejected, message }: { rejected: number; message: string },
): Buffer {
  const isPartial = rejected > 0;
  if (encoding === 'json') {
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: message };
    return Buffer.from(JSON.stringify(isPartial ? { partialSuccess } : {}));
  }
  const writer = new Writer();
  if (isPartial) {
    writer.message(1, () => {
      writer.integer(1, BigInt(rejected));
      writer.text(2, message);
    });
  }
  return writer.finish();
}

/** Answers with an error as a `google.rpc.Status`. */
export function replyError(
  res: ServerResponse,
  encoding: Encoding,
  error: { status: number; message: string; retryAfterSeconds?: number },
): void {
  const { status, message, retryAfterSeconds } = error;
  const code = CODES[status] ?? 2;
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  send(res, { status, encoding, body: errorBody(encoding, { code, message }) });
}

function errorBody(
  encoding: Encoding,
  { code, message }: { code: number; message: string },
): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = new Writer();
  writer.integer(1, BigInt(code));
  writer.text(2, message);
  return writer.finish();
}

function send(
  res: ServerResponse,
  { status, encoding, body }: { status: number; encoding: Encoding; body: Buffer },
): void {
  res.writeHead(status, { 'Content-Type': TYPES[encoding], 'Content-Length': body.length });
  res.end(body);
}
