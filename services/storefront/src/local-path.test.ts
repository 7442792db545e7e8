import { expect } from 'chai';
import { localPath } from './local-path.ts';

describe('local path', () => {
  for (const path of ['/', '/checkout', '/search?q=a%20b&attr.x=1', '/orders/1#lines']) {
    it(`keeps ${path}`, () => expect(localPath(path)).to.equal(path));
  }

  for (const elsewhere of [
    null,
    '',
    'checkout',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '/a\\..\\b',
    '/.//evil.example/',
    '/x/..//evil.example/',
    'javascript:alert(1)',
    '/line\r\nSet-Cookie: a=b',
    `/${'a'.repeat(2_000)}`,
  ]) {
    it(`turns ${JSON.stringify(elsewhere)?.slice(0, 40)} into the first page`, () => {
      expect(localPath(elsewhere)).to.equal('/');
    });
  }
});
