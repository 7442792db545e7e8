import { expect } from 'chai';
import fc from 'fast-check';
import { firstState, type SagaInput, sagaState, type SagaState, transition } from './machine.ts';

const declined: SagaInput = { kind: 'refused', reason: 'payment_declined', detail: null };
const soldOut: SagaInput = { kind: 'refused', reason: 'out_of_stock', detail: null };
const rejected: SagaInput = { kind: 'refused', reason: 'rejected', detail: null };

const GIVE_UP_MS = 60_000;
const plain = (kind: Exclude<SagaInput['kind'], 'refused'>): SagaInput => ({ kind });

/** The steps a saga stands at, one after another, and what it ends as. */
function walk(inputs: readonly SagaInput[], nowMs = 0): { path: string[]; state: SagaState } {
  let state = firstState(GIVE_UP_MS);
  const path: string[] = [placeOf(state)];
  for (const input of inputs) {
    state = transition(state, input, nowMs).state;
    if (placeOf(state) !== path.at(-1)) path.push(placeOf(state));
  }
  return { path, state };
}

function placeOf(state: SagaState): string {
  return state.phase === 'settled' ? state.status : state.step;
}

const done = plain('done');
const paths: [name: string, inputs: SagaInput[], path: string[], nowMs?: number][] = [
  [
    'goes forward',
    [done, done, done, done],
    ['reserve', 'authorize', 'commit', 'capture', 'confirmed'],
  ],
  ['releases what was sold out all the same', [soldOut, done], ['reserve', 'release', 'failed']],
  [
    'gives stock back when the card is declined',
    [done, declined, done],
    ['reserve', 'authorize', 'release', 'failed'],
  ],
  [
    'voids what payments refused for another reason',
    [done, rejected, done, done],
    ['reserve', 'authorize', 'void', 'release', 'failed'],
  ],
  [
    'lets go of the payment before the stock',
    [done, done, rejected, done, done],
    ['reserve', 'authorize', 'commit', 'void', 'release', 'failed'],
  ],
  [
    'refunds what turns out to be captured',
    [done, done, done, rejected, plain('captured'), done, done],
    ['reserve', 'authorize', 'commit', 'capture', 'void', 'refund', 'release', 'failed'],
  ],
  [
    'voids what turns out not to be captured',
    [done, done, done, done, plain('cancel'), plain('not_captured'), done, done],
    [
      'reserve',
      'authorize',
      'commit',
      'capture',
      'confirmed',
      'refund',
      'void',
      'release',
      'cancelled',
    ],
  ],
  ['tries an unknown step again', [plain('unknown'), done], ['reserve', 'authorize']],
  [
    'gives up a step that stays unknown',
    [plain('unknown'), done],
    ['reserve', 'release', 'failed'],
    GIVE_UP_MS,
  ],
  [
    'cancels between steps',
    [done, plain('cancel'), done, done, done],
    ['reserve', 'authorize', 'void', 'release', 'cancelled'],
  ],
  [
    'cancels when it is taken up again',
    [done, plain('cancel'), plain('resumed')],
    ['reserve', 'authorize', 'void'],
  ],
  [
    'cancels rather than fails when both come together',
    [done, plain('cancel'), declined, done],
    ['reserve', 'authorize', 'release', 'cancelled'],
  ],
  [
    'refunds a confirmed order',
    [done, done, done, done, plain('refund'), done, done],
    ['reserve', 'authorize', 'commit', 'capture', 'confirmed', 'refund', 'release', 'refunded'],
  ],
];

describe('the order saga', () => {
  for (const [name, inputs, path, nowMs] of paths) {
    it(name, () => expect(walk(inputs, nowMs).path).to.deep.equal(path));
  }

  it('says why it failed, and whose stock was short', () => {
    const items = [{ product_id: 'p', available: 1 }];
    const { state } = walk([{ kind: 'refused', reason: 'out_of_stock', detail: 'Mug', items }]);
    const { effects } = transition(state, done, 0);
    expect(effects).to.deep.equal([
      { kind: 'status', status: 'failed', failure: { reason: 'out_of_stock', detail: 'Mug' } },
      { kind: 'event', type: 'order.failed' },
      {
        kind: 'store_reply',
        outcome: { status: 'failed', reason: 'out_of_stock', detail: 'Mug', items },
      },
    ]);
  });
});

const anyInput: fc.Arbitrary<SagaInput> = fc.oneof(
  fc
    .constantFrom('done', 'unknown', 'captured', 'not_captured', 'resumed', 'cancel')
    .map((kind): SagaInput => ({ kind })),
  fc.constant(plain('refund')),
  fc.constantFrom(declined, soldOut, rejected),
);
const history = fc.array(fc.tuple(anyInput, fc.nat(20_000)), { maxLength: 60 });

function replay(
  inputs: [SagaInput, number][],
  visit: (step: {
    before: SagaState;
    input: SagaInput;
    after: ReturnType<typeof transition>;
  }) => void,
): SagaState {
  let nowMs = 0;
  let before = firstState(GIVE_UP_MS);
  for (const [input, passedMs] of inputs) {
    nowMs += passedMs;
    const after = transition(before, input, nowMs);
    visit({ before, input, after });
    before = after.state;
  }
  return before;
}

describe('the order saga, whatever it is told', () => {
  it('only ever stands in a state the database can give back', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        replay(inputs, ({ after: { state } }) => {
          expect(sagaState.parse(JSON.parse(JSON.stringify(state)))).to.deep.equal(state);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('comes to an end once its neighbours answer', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        let state = replay(inputs, () => undefined);
        for (let step = 0; step < 8 && state.phase !== 'settled'; step++) {
          state = transition(state, done, 0).state;
        }
        expect(state.phase).to.equal('settled');
      }),
      { numRuns: 1_000 },
    );
  });

  it('never captures once cancelling was asked for, and never ends confirmed then', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        let cancelled = false;
        replay(inputs, ({ before, input, after: { state } }) => {
          if (cancelled && placeOf(state) !== placeOf(before)) {
            expect(placeOf(state)).not.to.be.oneOf(['authorize', 'commit', 'capture', 'confirmed']);
          }
          cancelled ||= input.kind === 'cancel' && before.phase === 'forward';
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('releases stock only after the payment holds nothing', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        replay(inputs, ({ before, input, after: { state } }) => {
          if (placeOf(state) !== 'release' || placeOf(before) === 'release') return;
          const { reason } = input.kind === 'refused' ? input : { reason: undefined };
          const undone = ['void', 'refund'].includes(placeOf(before));
          const neverHeld = placeOf(before) === 'reserve' || reason === 'payment_declined';
          expect(undone || neverHeld, placeOf(before)).to.equal(true);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('erases the payment token whenever it leaves the way that may need it', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        let kept = true;
        replay(inputs, ({ after: { state, effects } }) => {
          if (effects.some((effect) => effect.kind === 'erase_token')) kept = false;
          const needed = ['reserve', 'authorize'].includes(placeOf(state));
          expect(kept).to.equal(needed, placeOf(state));
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('changes nothing any more once an undone order has ended', () => {
    fc.assert(
      fc.property(history, (inputs) => {
        replay(inputs, ({ before, after }) => {
          if (before.phase !== 'settled' || before.status === 'confirmed') return;
          expect(after).to.deep.equal({ state: before, effects: [] });
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
