import { expect } from 'chai';
import { server } from '../test/spans.ts';
import { decodeRecording, encodeLine, type Recording } from './recording.ts';

const recording: Recording = {
  head: {
    format: 'faultline-recording/1',
    id: 'one',
    source: 'simulated',
    seed: 1,
    rps: 20,
    startMs: 0,
    endMs: 10,
    expected: [],
    distractors: ['steady'],
  },
  lines: [{ atMs: 1, spans: [server('gateway')] }, { atMs: 2 }],
};

describe('a recording', () => {
  it('is read as it was written', () => {
    const text = [recording.head, ...recording.lines].map(encodeLine).join('');
    expect(decodeRecording(text)).to.deep.equal(recording);
  });

  for (const [what, text, message] of [
    ['nothing', '', /line 1 is not JSON/],
    ['another format', '{"format":"other"}', /no head/],
    ['a broken line', `${encodeLine(recording.head)}{"atMs":`, /line 2 is not JSON/],
    ['a line without a time', `${encodeLine(recording.head)}{"spans":[]}`, /line 2 has no atMs/],
  ] as const) {
    it(`is not read from ${what}`, () => {
      expect(() => decodeRecording(text)).to.throw(TypeError, message);
    });
  }
});
