import { FakeClock } from '@faultline/chassis/testing/fake-clock';
import { expect } from 'chai';
import { newRollout } from './state.ts';
import { canaryOf } from './testing/world.ts';
import { callHook, tellEvent } from './webhook.ts';

type Answer = number | Error;

/** A hook that answers in turn; what it was sent. */
async function call(answers: Answer[], options = '') {
  const hooks = `{ name: gate, url: http://gate/x, ${options} }, { type: event, name: bell, url: http://bell/ }`;
  const canary = canaryOf(`{ interval: 10s, stepWeight: 20, webhooks: [${hooks}] }`);
  const [hook] = canary.webhooks;
  if (!hook) throw new Error('there is no hook');
  const sent: { url: string; body: unknown; atMs: number }[] = [];
  const clock = new FakeClock(0);
  const fetch = async (url: string, { body }: { body: string }) => {
    sent.push({ url, body: JSON.parse(body), atMs: clock.now() });
    const answer = answers[Math.min(sent.length, answers.length) - 1] ?? 200;
    if (answer instanceof Error) throw answer;
    return { status: answer, text: async () => (answer >= 400 ? 'no way' : '') };
  };
  const state = { ...newRollout, lastApplied: 'abc' };
  const told = { canary, phase: 'Progressing', state } as const;
  const answering = callHook(hook, told, { fetch, clock });
  for (let second = 0; second < 100; second++) {
    await new Promise(setImmediate);
    await clock.advance(1_000);
  }
  return { answer: await answering, sent, told, caller: { fetch, clock } };
}

describe('a webhook', () => {
  it('is told whom and what it is about, and says yes by a status up to 202', async () => {
    const { answer, sent } = await call([202], 'metadata: { type: bash }');
    expect(answer).to.deep.equal({ ok: true, detail: 'status 202' });
    expect(sent.map(({ url, body }) => ({ url, body }))).to.deep.equal([
      {
        url: 'http://gate/x',
        body: {
          name: 'podinfo',
          namespace: 'test',
          phase: 'Progressing',
          checksum: 'abc',
          metadata: { type: 'bash' },
        },
      },
    ]);
    expect((await call([204])).answer.ok).to.equal(false);
    expect((await call([403])).answer).to.deep.equal({ ok: false, detail: 'no way' });
  });

  it('that cannot be reached says no, and why', async () => {
    const { answer } = await call([
      new Error('fetch failed', { cause: new Error('ECONNREFUSED') }),
    ]);
    expect(answer.ok).to.equal(false);
    expect(answer.detail).to.include('call http://gate/x').and.include('ECONNREFUSED');
  });

  it('is asked again as often as it may be, when asking again may help', async () => {
    const { answer, sent } = await call([503, new Error('reset'), 200], 'retries: 3');
    expect(answer.ok).to.equal(true);
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([0, 1_000, 3_000]);
    expect((await call([500], 'retries: 2')).sent.length).to.equal(3);
    expect((await call([404], 'retries: 2')).sent.length).to.equal(1);
    expect((await call([501], 'retries: 2')).sent.length).to.equal(1);
  });

  it('for events is told what happened', async () => {
    const { told, caller, sent } = await call([200]);
    const event = { type: 'Warning', message: 'Canary failed!' } as const;
    expect(await tellEvent(event, told, caller)).to.deep.equal([]);
    expect(sent.at(-1)?.url).to.equal('http://bell/');
    expect(sent.at(-1)?.body).to.deep.include({
      metadata: { eventMessage: 'Canary failed!', eventType: 'Warning', timestamp: '100000' },
    });
  });
});
