import type { Clock } from '@faultline/chassis/clock';
import type { Endpoint } from '@faultline/chassis/endpoint';
import { type ClientReply, type ClientRequest, expandPath } from '@faultline/chassis/http-client';
import { z } from 'zod';
import type { HttpReply, HttpRequest, NoReply, Send } from './http.ts';
import {
  type Failure,
  type Outcome,
  parse,
  withBody,
  withoutReply,
  withStatus,
} from './outcome.ts';

/** A request of a journey did not get what it should: the journey ends here. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly failure: Failure;
  /** How long the reply asks to wait before asking again. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: Failure, retryAfterMs?: number) {
    super(`${failure.name}: ${failure.detail}`);
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

type Judgement = { failure?: string | undefined; degraded?: boolean };

/** How to ask and what to expect. */
type Terms<Status extends number, Reply> = {
  /** The statuses that are fine. */
  expect: readonly Status[];
  headers?: Readonly<Record<string, string>>;
  /** What is wrong with a reply that has the right form, if anything. */
  judge?(reply: Reply): Judgement;
  /** For a body that is not JSON. */
  rawBody?: { type: string; bytes: Uint8Array };
  timeoutMs?: number;
};

/** A reply of an operation with one of the statuses that are fine. */
type Fine<E extends Endpoint, Status extends number> = Extract<ClientReply<E>, { status: Status }>;

type Options = {
  journey: string;
  send: Send;
  clock: Clock;
  signal: AbortSignal;
  /** Monotonic. */
  startedMs: number;
  /** When the first request of the journey was due (monotonic). */
  dueMs: number;
  timeoutMs: number;
  onOutcome(outcome: Outcome): void;
};

/** What one person asks for, one thing after the other, each judged and reported. */
export class Steps {
  readonly #options: Options;
  #dueMs: number;

  constructor(options: Options) {
    this.#options = options;
    this.#dueMs = options.dueMs;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /**
   * Calls an operation of the API.
   * @throws StepFailed when there is no reply, its status is none of the expected, or its body is
   * not as the contract says.
   */
  async call<const E extends Endpoint, const Status extends keyof E['replies'] & number>(
    endpoint: E,
    request: ClientRequest<E>,
    terms: Terms<Status, Fine<E, Status>>,
  ): Promise<Fine<E, Status>> {
    const answer = await this.#ask(endpoint.id, {
      request: toHttp(endpoint, request, terms),
      expected: terms.expect,
      ...(terms.timeoutMs !== undefined && { timeoutMs: terms.timeoutMs }),
      judge: (raw): Judgement & { fine?: Fine<E, Status> } => {
        const schema = endpoint.replies[raw.status];
        const body = schema?.safeParse(parse(raw.body));
        if (body?.success === false) return { failure: z.prettifyError(body.error) };
        const parsed: unknown = { ...raw, body: body?.data };
        // Its status is an expected one, and the schema that E names for it has parsed the body.
        const fine = parsed as Fine<E, Status>;
        return { ...terms.judge?.(fine), fine };
      },
    });
    if (answer.fine !== undefined) return answer.fine;
    throw new TypeError(`${endpoint.id}: its reply was not parsed`);
  }

  /** Fetches a page or file. `judge` sees its text. */
  async get(
    name: string,
    path: string,
    terms: Pick<Terms<200, HttpReply>, 'headers' | 'judge' | 'timeoutMs'> = {},
  ): Promise<HttpReply> {
    const { reply } = await this.#ask(name, {
      request: { method: 'GET', path, headers: { Accept: '*/*', ...terms.headers } },
      expected: [200],
      ...(terms.timeoutMs !== undefined && { timeoutMs: terms.timeoutMs }),
      judge: (raw) => terms.judge?.(raw) ?? {},
    });
    return reply;
  }

  /** Lets time pass before the next request, which is due when it is over. */
  async pause(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    await clock.sleep(ms, signal);
    signal.throwIfAborted();
    this.#dueMs = clock.monotonic();
  }

  async #ask<J extends Judgement>(
    step: string,
    asked: {
      request: Omit<HttpRequest, 'timeoutMs'>;
      expected: readonly number[];
      timeoutMs?: number;
      judge(reply: HttpReply): J;
    },
  ): Promise<{ reply: HttpReply } & J> {
    const { send, signal, clock, startedMs, journey } = this.#options;
    const dueMs = this.#dueMs;
    const timeoutMs = asked.timeoutMs ?? this.#options.timeoutMs;
    const answer = await send({ ...asked.request, timeoutMs }, signal);
    const endMs = clock.monotonic();
    this.#dueMs = endMs;
    if (signal.aborted) throw signal.reason;
    const judged = judge(answer, asked);
    const isReply = answer.kind === 'reply';
    this.#options.onOutcome({
      journey,
      step,
      atMs: dueMs - startedMs,
      latencyMs: endMs - dueMs,
      status: isReply ? answer.status : null,
      headers: isReply ? answer.headers : {},
      failure: judged.failure ?? null,
      degraded: judged.degraded,
    });
    if (judged.failure || !isReply || !judged.verdict) {
      throw new StepFailed(judged.failure ?? withBody('no reply'), askedPauseMs(answer));
    }
    return { ...judged.verdict, reply: answer };
  }
}

function judge<J extends Judgement>(
  answer: HttpReply | NoReply,
  asked: { expected: readonly number[]; judge(reply: HttpReply): J },
): { failure?: Failure; degraded: boolean; verdict?: J } {
  if (answer.kind === 'none') return { failure: withoutReply(answer), degraded: false };
  if (!asked.expected.includes(answer.status)) {
    return { failure: withStatus(answer), degraded: false };
  }
  const verdict = asked.judge(answer);
  const { failure, degraded = false } = verdict;
  return failure === undefined ? { verdict, degraded } : { failure: withBody(failure), degraded };
}

function askedPauseMs(answer: HttpReply | NoReply): number | undefined {
  const seconds = answer.kind === 'reply' ? Number(answer.headers['retry-after']) : Number.NaN;
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function toHttp<E extends Endpoint>(
  endpoint: E,
  request: { params?: unknown; query?: unknown; body?: unknown; headers?: unknown },
  { headers, rawBody }: Pick<Terms<number, never>, 'headers' | 'rawBody'>,
): Omit<HttpRequest, 'timeoutMs'> {
  const strings = z.record(z.string(), z.coerce.string());
  const path = expandPath(endpoint.path, strings.parse(request.params ?? {}));
  const query = new URLSearchParams(strings.parse(request.query ?? {})).toString();
  const json = request.body === undefined ? undefined : JSON.stringify(request.body);
  const body = rawBody?.bytes ?? json;
  return {
    method: endpoint.method,
    path: query === '' ? path : `${path}?${query}`,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': rawBody?.type ?? 'application/json' }),
      ...strings.parse(request.headers ?? {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  };
}
