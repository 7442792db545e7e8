import { expect } from 'chai';
import { json, page, problem } from '../test/stub-shop.ts';
import { withoutReply, withStatus } from './outcome.ts';

describe('a failure', () => {
  it('is named by the problem that the reply tells, with its dependency and its trace', () => {
    expect(withStatus(problem(429, 'limit_api'))).to.deep.equal({
      kind: 'problem',
      name: '429 limit_api',
      detail: 'D',
      traceId: 'f00',
    });
    const document = JSON.parse(problem(503, 'unavailable').body.toString());
    const reply = json(503, { ...document, dependency: 'orders' });
    expect(withStatus(reply).name).to.equal('503 unavailable (orders)');
  });

  it('is named by its status when the reply tells no problem', () => {
    expect(withStatus(page('Bad gateway', 502))).to.deep.include({
      kind: 'status',
      name: '502 page',
    });
    const empty = { ...page('', 503), headers: {}, body: Buffer.alloc(0) };
    expect(withStatus(empty).name).to.equal('503 and nothing else');
    expect(withStatus(json(500, { oops: true })).name).to.equal('500 without a problem');
  });

  it('is named by what became of the connection when there is no reply', () => {
    const named = (cause: 'refused' | 'reset' | 'timeout' | 'garbled', detail: string) => {
      const { kind, name } = withoutReply({ kind: 'none', cause, detail });
      return [kind, name];
    };
    expect(named('refused', 'ECONNREFUSED')).to.deep.equal(['refused', 'refused ECONNREFUSED']);
    expect(named('reset', 'ECONNRESET')).to.deep.equal(['reset', 'reset ECONNRESET']);
    expect(named('timeout', 'no whole reply in time')).to.deep.equal(['timeout', 'timeout']);
    expect(named('garbled', 'HPE_INVALID')).to.deep.equal(['reset', 'garbled HPE_INVALID']);
  });
});
