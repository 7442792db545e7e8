import { expect } from 'chai';
import {
  explainMismatch,
  matchHost,
  type Matchable,
  type RequestHead,
  type RouteMatch,
  selectRule,
} from '../src/match.ts';

function request(
  path: string,
  extra: {
    method?: string;
    headers?: Record<string, string>;
    query?: string;
    authority?: string;
  } = {},
): RequestHead {
  const { method = 'GET', headers = {}, query = '', authority = 'b' } = extra;
  return { method, path, query, authority, header: (name) => headers[name] };
}

function route(name: string, ...matches: RouteMatch[]): Matchable<string> {
  return { hostnames: [], rules: [{ matches, rule: name }] };
}

const prefix = (value: string): RouteMatch => ({ path: { type: 'PathPrefix', value } });
const exact = (value: string): RouteMatch => ({ path: { type: 'Exact', value } });
const regex = (source: string): RouteMatch => ({
  path: { type: 'RegularExpression', value: new RegExp(source, 'u') },
});
const pick = (routes: Matchable<string>[], head: RequestHead) => selectRule(routes, head)?.rule;

describe('route selection', () => {
  it('matches a prefix by whole elements, whatever its trailing slash', () => {
    for (const pattern of ['/foo', '/foo/']) {
      const routes = [route('r', prefix(pattern))];
      for (const path of ['/foo', '/foo/', '/foo/bar'])
        expect(pick(routes, request(path)), path).to.equal('r');
      for (const path of ['/foobar', '/fo', '/'])
        expect(pick(routes, request(path)), path).to.equal(undefined);
    }
  });

  it('lets the first in order win when exact, prefix and pattern are equally long', () => {
    const routes = [
      route('prefix', prefix('/a/b')),
      route('exact', exact('/a/b')),
      route('regex', regex('/a/.')),
    ];
    expect(pick(routes, request('/a/b'))).to.equal('prefix');
    expect(pick(routes.toReversed(), request('/a/b'))).to.equal('regex');
  });

  it('prefers the longer path', () => {
    expect(
      pick([route('short', prefix('/a')), route('long', prefix('/a/b'))], request('/a/b/c')),
    ).to.equal('long');
  });

  it('ranks headers above query and both above the method', () => {
    const header: RouteMatch = { headers: [{ name: 'X', match: { type: 'Exact', value: '1' } }] };
    const query: RouteMatch = { query: [{ name: 'q', match: { type: 'Exact', value: 'é' } }] };
    const routes = [
      route('post', { method: 'POST' }),
      route('query', query),
      route('header', header),
      route('any', {}),
    ];
    const post = (extra: Parameters<typeof request>[1]) =>
      pick(routes, request('/', { method: 'POST', ...extra }));
    expect(post({})).to.equal('post');
    expect(post({ query: 'q=%C3%A9' })).to.equal('query');
    expect(post({ query: 'q=%C3%A9', headers: { x: '1' } })).to.equal('header');
    expect(pick(routes, request('/'))).to.equal('any');
  });

  it('wants a pattern’s first hit to span the whole path', () => {
    expect(pick([route('r', regex('/v[0-9]+'))], request('/v1'))).to.equal('r');
    expect(pick([route('r', regex('/v[0-9]+'))], request('/v1/x'))).to.equal(undefined);
    expect(pick([route('r', regex('/a|/ab'))], request('/ab'))).to.equal(undefined);
  });

  it('uses the best of a rule’s matches, and a rule without matches for everything', () => {
    const either = route('either', exact('/a'), { method: 'DELETE' });
    expect(pick([either], request('/a'))).to.equal('either');
    expect(pick([either], request('/z', { method: 'DELETE' }))).to.equal('either');
    expect(
      pick([{ hostnames: [], rules: [{ matches: [], rule: 'all' }] }], request('/x')),
    ).to.equal('all');
  });

  it('prefers the exact host, then the longest suffix', () => {
    const hosts = (name: string, ...hostnames: string[]): Matchable<string> => ({
      hostnames,
      rules: [{ matches: [], rule: name }],
    });
    const routes = [
      hosts('any'),
      hosts('wide', '*.test'),
      hosts('near', '*.ex.test'),
      hosts('exact', 'api.ex.test'),
    ];
    const at = (authority: string) => pick(routes, request('/', { authority }));
    expect(at('API.ex.test:8080')).to.equal('exact');
    expect(at('www.ex.test.')).to.equal('near');
    expect(at('other.test')).to.equal('wide');
    expect(at('elsewhere')).to.equal('any');
    expect(matchHost(['*.ex.test'], 'ex.test')).to.equal(undefined);
  });

  it('says what kept a rule from matching', () => {
    expect(explainMismatch(exact('/a'), request('/b'))).to.equal('path /b is not Exact /a');
    expect(explainMismatch({ method: 'POST' }, request('/'))).to.equal('method GET is not POST');
    expect(explainMismatch(prefix('/'), request('/'))).to.equal(undefined);
  });
});
