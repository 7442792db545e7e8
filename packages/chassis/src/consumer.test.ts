import { expect } from 'chai';
import { z } from 'zod';
import { parseEvent, PoisonEventError } from './consumer.ts';

describe('an event on a stream', () => {
  const contract = {
    stream: 'things',
    types: { 'thing.made': { version: 1, data: z.object({ n: z.number() }) } },
  };
  const event = {
    id: '01980000-0000-7000-8000-000000000001',
    type: 'thing.made',
    version: 1,
    subject: 'a',
    sequence: 1,
    time: '2026-01-01T00:00:00.000Z',
    data: { n: 1 },
  };
  const parse = (text: string) => parseEvent(contract, { id: '1-0', fields: { event: text } });

  it('is what its contract says', () => {
    expect(parse(JSON.stringify(event))).to.deep.equal(event);
  });

  for (const [what, text] of Object.entries({
    'that is not JSON': 'planted',
    'of JSON cut off': '{"id":"planted',
    'with an id that is none': JSON.stringify({ ...event, id: 'planted' }),
    'with a type that is no name': JSON.stringify({ ...event, type: 'planted\n\u001b[31m' }),
    'with wrong data': JSON.stringify({ ...event, data: { planted: 'planted' } }),
  })) {
    it(`is refused ${what}, without a word of it`, () => {
      try {
        parse(text);
        expect.fail('it was taken');
      } catch (error) {
        expect(error).to.be.instanceOf(PoisonEventError);
        for (let cause = error; cause instanceof Error; cause = cause.cause) {
          expect(cause.message).not.to.include('planted');
        }
      }
    });
  }
});
