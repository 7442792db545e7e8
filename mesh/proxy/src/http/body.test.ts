import { expect } from 'chai';
import { textOf } from '../../test/support/exchange.ts';
import { Body, discard, transform } from './body.ts';

function source() {
  const calls: string[] = [];
  const body = new Body(undefined, {
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancel: (error) => void calls.push(`cancel ${error.message}`),
  });
  return { body, calls };
}

describe('Body', () => {
  it('keeps what comes before there is a sink, and blocks its source meanwhile', async () => {
    const { body, calls } = source();
    body.push(Buffer.from('a'));
    expect(body.blocked).to.equal(true);
    const text = textOf(body);
    expect(calls).to.deep.equal(['resume']);
    body.push(Buffer.from('b'));
    body.end();
    expect(await text).to.equal('ab');
  });

  it('delivers nothing while its sink is paused, and everything in order after', () => {
    const { body, calls } = source();
    const got: string[] = [];
    body.pipe({
      data: (chunk) => void got.push(String(chunk)),
      end: () => void got.push('end'),
      fail() {},
    });
    body.pause();
    body.push(Buffer.from('a'));
    body.push(Buffer.from('b'));
    body.end();
    expect(got).to.deep.equal([]);
    body.resume();
    expect(got).to.deep.equal(['a', 'b', 'end']);
    expect(calls).to.deep.equal(['resume', 'pause']);
  });

  it('tells taps of each piece and once of the end, whoever ends it', () => {
    for (const end of ['end', 'fail', 'cancel'] as const) {
      const { body } = source();
      const seen: unknown[] = [];
      body.tap({
        data: (bytes) => void seen.push(bytes),
        done: (error) => void seen.push(error?.message),
      });
      body.pipe({ data() {}, end() {}, fail() {} });
      body.push(Buffer.from('abc'));
      if (end === 'end') body.end();
      else body[end](new Error(end));
      body.fail(new Error('late'));
      expect(seen, end).to.deep.equal([3, end === 'end' ? undefined : end]);
    }
  });

  it('fails a sink that comes after the failure', async () => {
    const { body } = source();
    body.fail(new Error('broken'));
    const error = await textOf(body).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'broken');
  });

  it('gives up discarding what is too long', () => {
    const { body, calls } = source();
    discard(body, 4);
    body.push(Buffer.from('abcde'));
    expect(calls.at(-1)).to.match(/^cancel/);
  });

  it('is transformed piece by piece, with back-pressure', async () => {
    const { body, calls } = source();
    const upper = transform(body, undefined, (outer) => ({
      data: (chunk) => outer.push(Buffer.from(String(chunk).toUpperCase())),
      end: () => outer.end(),
      fail: (error) => outer.fail(error),
    }));
    expect(calls, 'not before somebody reads').to.deep.equal([]);
    const text = textOf(upper);
    body.push(Buffer.from('ab'));
    body.end();
    expect(await text).to.equal('AB');
  });
});
