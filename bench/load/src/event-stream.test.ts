import { expect } from 'chai';
import { lastEvent } from './event-stream.ts';

describe('an event stream', () => {
  const text = 'event: order\ndata: {"n":1}\n\n: a comment\n\nevent: order\ndata: {"n":2}\n\n';

  it('has a last event of a type', () => {
    expect(lastEvent(text, 'order')).to.deep.equal({ n: 2 });
    expect(lastEvent(text, 'other')).to.equal(undefined);
  });

  it('counts an event only when all of it came', () => {
    expect(lastEvent(`${text}event: order\ndata: {"n":3}`, 'order')).to.deep.equal({ n: 2 });
  });

  it('has nothing to say where the data is none', () => {
    expect(lastEvent('event: order\ndata: {"n"\n\n', 'order')).to.equal(undefined);
  });
});
