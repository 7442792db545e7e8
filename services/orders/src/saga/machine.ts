import { failureReason, type FailureReason, type OrderStatus } from '@faultline/contracts/orders';
import { z } from 'zod';

const forwardStep = z.enum(['reserve', 'authorize', 'commit', 'capture']);
const undoStep = z.enum(['void', 'refund', 'release']);

export type ForwardStep = z.output<typeof forwardStep>;
export type UndoStep = z.output<typeof undoStep>;
export type SagaStep = ForwardStep | UndoStep;

/** A product of which there was not enough. */
export const shortItem = z.object({ product_id: z.string(), available: z.number().optional() });

/** What an undone order ends as. */
const endingSchema = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('failed'),
    reason: failureReason,
    detail: z.string().nullable(),
    items: z.array(shortItem),
  }),
  z.strictObject({ status: z.literal('cancelled') }),
  z.strictObject({ status: z.literal('refunded') }),
]);
export type Ending = z.output<typeof endingSchema>;
export type Outcome = Ending | { status: 'confirmed' };

/**
 * Where an order's saga stands, as the database keeps it. A step that is named here may have been
 * asked for already, any number of times, and may have had its effect.
 */
export const sagaState = z.discriminatedUnion('phase', [
  z.strictObject({
    phase: z.literal('forward'),
    step: forwardStep,
    giveUpAtMs: z.number(),
    cancelRequested: z.boolean(),
  }),
  z.strictObject({ phase: z.literal('undo'), step: undoStep, ending: endingSchema }),
  z.strictObject({
    phase: z.literal('settled'),
    status: z.enum(['confirmed', 'failed', 'cancelled', 'refunded']),
  }),
]);
export type SagaState = z.output<typeof sagaState>;

type Forward = Extract<SagaState, { phase: 'forward' }>;
type Undo = Extract<SagaState, { phase: 'undo' }>;
type Settled = Extract<SagaState, { phase: 'settled' }>;
type Refused = Extract<SagaInput, { kind: 'refused' }>;

/** What a step came to, or what somebody asks of the saga. */
export type SagaInput =
  | { kind: 'done' }
  /** No answer, or none that settles it: the step may or may not have had its effect. */
  | { kind: 'unknown' }
  /** A definite no: the step has no effect, now or later. */
  | {
      kind: 'refused';
      reason: FailureReason;
      detail: string | null;
      items?: z.output<typeof shortItem>[];
    }
  /** To `void`: too late, the amount was taken. */
  | { kind: 'captured' }
  /** To `refund`: there is only an authorisation to let go of. */
  | { kind: 'not_captured' }
  /** A runner takes the saga up, and nothing is under way. */
  | { kind: 'resumed' }
  | { kind: 'cancel' }
  | { kind: 'refund' };

/** What changes in the database together with the state. */
export type Effect =
  | { kind: 'retry' }
  | {
      kind: 'status';
      status: OrderStatus;
      failure?: { reason: FailureReason; detail: string | null };
    }
  | { kind: 'event'; type: `order.${Settled['status']}` }
  | { kind: 'erase_token' }
  /** The order is settled for the first time, or again: whoever placed it learns the first. */
  | { kind: 'store_reply'; outcome: Outcome };

export type Transition = { state: SagaState; effects: Effect[] };

export function firstState(giveUpAtMs: number): SagaState {
  return { phase: 'forward', step: 'reserve', giveUpAtMs, cancelRequested: false };
}

/**
 * The order saga: reserve → authorize → commit → capture → confirmed; backwards the payment is let
 * go of first, then the stock. An input that makes no sense for the state changes nothing, and an
 * answer that makes no sense for the step counts as none.
 */
export function transition(state: SagaState, input: SagaInput, nowMs: number): Transition {
  switch (state.phase) {
    case 'forward':
      return forward(state, input, nowMs);
    case 'undo':
      return undo(state, input);
    case 'settled':
      return settled(state, input);
    default:
      return impossible(state);
  }
}

function forward(state: Forward, input: SagaInput, nowMs: number): Transition {
  switch (input.kind) {
    case 'done':
      return state.cancelRequested ? giveWay(state) : advance(state);
    case 'refused':
      return fail(state, input);
    case 'cancel':
      return requestCancel(state);
    case 'resumed':
      return state.cancelRequested ? giveWay(state) : unchanged(state);
    case 'refund':
      return unchanged(state);
    case 'unknown':
    case 'captured':
    case 'not_captured':
      return state.cancelRequested || nowMs >= state.giveUpAtMs ? giveWay(state) : retry(state);
    default:
      return impossible(input);
  }
}

function requestCancel(state: Forward): Transition {
  if (state.cancelRequested) return unchanged(state);
  return {
    state: { ...state, cancelRequested: true },
    effects: [{ kind: 'status', status: 'cancelling' }],
  };
}

/**
 * A refused reservation is released all the same: an earlier attempt may still be under way. A
 * declined payment holds nothing and never will.
 */
function fail(state: Forward, { reason, detail, items = [] }: Refused): Transition {
  const released = state.step === 'reserve' || reason === 'payment_declined';
  return startUndo(
    released ? 'release' : 'void',
    state.cancelRequested ? { status: 'cancelled' } : { status: 'failed', reason, detail, items },
  );
}

function advance(state: Forward): Transition {
  switch (state.step) {
    case 'reserve':
      return { state: { ...state, step: 'authorize' }, effects: [] };
    case 'authorize':
      return { state: { ...state, step: 'commit' }, effects: [{ kind: 'erase_token' }] };
    case 'commit':
      return { state: { ...state, step: 'capture' }, effects: [] };
    case 'capture':
      return settle({ status: 'confirmed' });
    default:
      return impossible(state.step);
  }
}

/** Undoes the step the saga is at, which may have had its effect, and all before it. */
function giveWay(state: Forward): Transition {
  return startUndo(
    state.step === 'reserve' ? 'release' : 'void',
    state.cancelRequested
      ? { status: 'cancelled' }
      : { status: 'failed', reason: 'timed_out', detail: null, items: [] },
  );
}

function startUndo(step: UndoStep, ending: Ending): Transition {
  return { state: { phase: 'undo', step, ending }, effects: [{ kind: 'erase_token' }] };
}

function undo(state: Undo, input: SagaInput): Transition {
  if (input.kind === 'cancel' || input.kind === 'refund' || input.kind === 'resumed') {
    return unchanged(state);
  }
  const then = (step: UndoStep): Transition => ({ state: { ...state, step }, effects: [] });
  switch (state.step) {
    case 'void':
      if (input.kind === 'done') return then('release');
      if (input.kind === 'captured') return then('refund');
      return retry(state);
    case 'refund':
      if (input.kind === 'done') return then('release');
      if (input.kind === 'not_captured') return then('void');
      return retry(state);
    case 'release':
      return input.kind === 'done' ? settle(state.ending) : retry(state);
    default:
      return impossible(state.step);
  }
}

function settle(outcome: Outcome): Transition {
  const { status } = outcome;
  const failure =
    outcome.status === 'failed' ? { reason: outcome.reason, detail: outcome.detail } : undefined;
  return {
    state: { phase: 'settled', status },
    effects: [
      { kind: 'status', status, ...(failure ? { failure } : {}) },
      { kind: 'event', type: `order.${status}` },
      { kind: 'store_reply', outcome },
    ],
  };
}

function settled(state: Settled, input: SagaInput): Transition {
  if (state.status !== 'confirmed') return unchanged(state);
  switch (input.kind) {
    case 'cancel':
      return reopen('cancelling', { status: 'cancelled' });
    case 'refund':
      return reopen('refunding', { status: 'refunded' });
    default:
      return unchanged(state);
  }
}

function reopen(status: OrderStatus, ending: Ending): Transition {
  return {
    state: { phase: 'undo', step: 'refund', ending },
    effects: [{ kind: 'status', status }],
  };
}

function retry(state: SagaState): Transition {
  return { state, effects: [{ kind: 'retry' }] };
}

function unchanged(state: SagaState): Transition {
  return { state, effects: [] };
}

function impossible(value: never): never {
  throw new TypeError(`the saga machine met ${JSON.stringify(value)}, which cannot be`);
}
