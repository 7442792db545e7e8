import { type Clock, deadlineSignal } from '@faultline/chassis/clock';
import { parseGoDuration } from '@faultline/mesh-core/duration';
import type { Canary } from './canary.ts';
import type { Webhook } from './schema.ts';
import type { HookAnswer, Phase, RolloutEvent, RolloutState } from './state.ts';

type Fetch = (
  url: string,
  init: {
    method: 'POST';
    headers: Record<string, string>;
    body: string;
    signal: AbortSignal;
  },
) => Promise<{ status: number; text(): Promise<string> }>;

export type Caller = { fetch: Fetch; clock: Clock; signal?: AbortSignal };

type Told = { canary: Canary; phase: Phase; state: RolloutState };

const detailLengthMax = 500;
const firstPauseMs = 1_000;
const pauseMsMax = 30_000;

/** Asks a hook, again where its `retries` allow it; yes is a status up to 202. */
export async function callHook(hook: Webhook, told: Told, caller: Caller): Promise<HookAnswer> {
  const body = payload(told, hook.metadata);
  return send(hook, body, caller);
}

/** Tells every `event` hook what happened. Answers what could not be told. */
export async function tellEvent(
  event: RolloutEvent,
  told: Told,
  caller: Caller,
): Promise<readonly string[]> {
  const metadata = {
    eventMessage: event.message,
    eventType: event.type,
    timestamp: String(caller.clock.now()),
  };
  const hooks = told.canary.webhooks.filter(({ type }) => type === 'event');
  const answers = await Promise.all(
    hooks.map(async (hook) => {
      const body = payload(told, { ...hook.metadata, ...metadata });
      const { ok, detail } = await send(hook, body, caller);
      return ok ? [] : [`event hook ${hook.name}: ${detail}`];
    }),
  );
  return answers.flat();
}

function payload(
  { canary, phase, state }: Told,
  metadata: Readonly<Record<string, string>>,
): string {
  const { name, namespace } = canary;
  const hasMetadata = Object.keys(metadata).length > 0;
  const checksum = state.lastApplied ?? '';
  return JSON.stringify({ name, namespace, phase, checksum, ...(hasMetadata && { metadata }) });
}

async function send(hook: Webhook, body: string, caller: Caller): Promise<HookAnswer> {
  const { clock, signal } = caller;
  for (let attempt = 0; ; attempt++) {
    const answer = await sendOnce(hook, body, caller);
    if (answer.ok || !answer.mayRetry || attempt >= hook.retries || signal?.aborted) {
      return { ok: answer.ok, detail: answer.detail };
    }
    await clock.sleep(Math.min(pauseMsMax, firstPauseMs * 2 ** attempt), signal);
  }
}

async function sendOnce(
  hook: Webhook,
  body: string,
  { fetch, clock, signal: parent }: Caller,
): Promise<HookAnswer & { mayRetry: boolean }> {
  const timeoutMs = parseGoDuration(hook.timeout) ?? 10_000;
  using deadline = deadlineSignal(clock, clock.monotonic() + timeoutMs, parent);
  try {
    const headers = { 'Content-Type': 'application/json' };
    const { signal } = deadline;
    const reply = await fetch(hook.url, { method: 'POST', headers, body, signal });
    const text = (await reply.text()).slice(0, detailLengthMax);
    const detail = text === '' ? `status ${reply.status}` : text;
    const mayRetry = reply.status >= 500 && reply.status !== 501;
    return { ok: reply.status <= 202, detail, mayRetry };
  } catch (error) {
    const reason = error instanceof Error ? (error.cause ?? error) : error;
    return { ok: false, detail: `call ${hook.url}: ${String(reason)}`, mayRetry: true };
  }
}
