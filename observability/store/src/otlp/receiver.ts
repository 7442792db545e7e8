import type { IncomingMessage } from 'node:http';
import { BodyBudget, BodyError, readBody } from '../http/body.ts';
import type { Exchange } from '../http/router.ts';
import { BrokenRequestError, type Ingest, type IngestResult } from './ingest.ts';
import { JsonError } from './json-fields.ts';
import { encodeJsonRequest } from './json-request.ts';
import { type Encoding, replyError, replyTaken } from './reply.ts';

/** JSON takes many times its size when it is parsed. */
export const JSON_BYTES_MAX = 16 * 1_024 * 1_024;

/** Bodies being received at once, in units of the largest. */
const BODIES_MAX = 2;
const RETRY_AFTER_SECONDS = 1;

export type ReceiverOptions = {
  ingest: Ingest;
  /** The largest body, inflated. */
  bodyBytesMax: number;
  requestsMax: number;
  /** Whether the process is on its way out: senders are asked to come back. */
  draining: () => boolean;
};

/** `POST /v1/traces`: OTLP over HTTP. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #budget: BodyBudget;
  #requests = 0;
  /** Requests turned away since the start, by why. */
  readonly shed = { busy: 0, memory: 0, draining: 0 };

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#budget = new BodyBudget(options.bodyBytesMax * BODIES_MAX);
  }

  readonly handle = async ({ req, res }: Exchange): Promise<void> => {
    const encoding = encodingOf(req);
    const busy = this.#refusal();
    if (busy) {
      req.resume();
      replyError(res, encoding ?? 'json', { ...busy, retryAfterSeconds: RETRY_AFTER_SECONDS });
      return;
    }
    this.#requests += 1;
    try {
      replyTaken(res, encoding ?? 'json', await this.#take(req, encoding));
    } catch (error) {
      req.resume();
      const status = statusOf(error);
      const retry = status === 429 ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {};
      if (status === 429) this.shed.memory += 1;
      const message = error instanceof Error ? error.message : String(error);
      replyError(res, encoding ?? 'json', { status, message, ...retry });
    } finally {
      this.#requests -= 1;
    }
  };

  #refusal(): { status: number; message: string } | undefined {
    if (this.#options.draining()) {
      this.shed.draining += 1;
      return { status: 503, message: 'the store is stopping' };
    }
    if (this.#requests < this.#options.requestsMax) return undefined;
    this.shed.busy += 1;
    return { status: 429, message: 'too many requests at once' };
  }

  async #take(req: IncomingMessage, encoding: Encoding | undefined): Promise<IngestResult> {
    const { ingest, bodyBytesMax } = this.#options;
    if (!encoding) {
      const expected = 'expected application/json or application/x-protobuf';
      throw new BodyError(415, `content-type: ${expected}`);
    }
    const isJson = encoding === 'json';
    const maxBytes = isJson ? Math.min(JSON_BYTES_MAX, bodyBytesMax) : bodyBytesMax;
    const body = await readBody(req, { maxBytes, budget: this.#budget });
    return isJson ? takeJson(ingest, body) : ingest.accept(body);
  }
}

function takeJson(ingest: Ingest, json: Buffer): IngestResult {
  const { body, refused } = encodeJsonRequest(json.toString());
  return ingest.accept(body, refused);
}

function encodingOf(req: IncomingMessage): Encoding | undefined {
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type === 'application/x-protobuf' ? 'protobuf' : undefined;
}

/** Anything unknown is a fault of ours: the router answers 500 and logs it. */
function statusOf(error: unknown): number {
  if (error instanceof BodyError) return error.status;
  if (error instanceof JsonError || error instanceof BrokenRequestError) return 400;
  throw error;
}
