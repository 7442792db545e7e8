import { expect } from 'chai';
import { endToEnd } from './headers.ts';

describe('headers passed on', () => {
  it('keep order, spelling and repetition', () => {
    const raw = ['X-B', '1', 'x-a', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
    expect(endToEnd(raw)).to.deep.equal(raw);
  });

  it('are without those of one connection, also the ones it names', () => {
    const raw = [
      ...['Connection', 'keep-alive, X-Hop', 'Keep-Alive', 'timeout=5', 'x-hop', '1'],
      ...['Proxy-Authorization', 'Basic x', 'TE', 'trailers', 'Upgrade', 'h2c', 'Host', 'echo'],
      ...['Transfer-Encoding', 'chunked', 'Proxy-Connection', 'keep-alive'],
    ];
    expect(endToEnd(raw)).to.deep.equal(['Host', 'echo']);
  });
});
