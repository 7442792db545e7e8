import { expect } from 'chai';
import { matchRoute, type Route } from './router.ts';

describe('the routes', () => {
  const view = () => null;
  const routes: Route[] = ['/', '/traces/compare', '/traces/:id'].map((pattern) => ({
    pattern,
    title: pattern,
    section: '/',
    view,
  }));
  const patternOf = (path: string) => matchRoute(routes, path)?.route.pattern;

  it('answer the first that fits, with its values', () => {
    expect(patternOf('/')).to.equal('/');
    expect(patternOf('/traces/compare')).to.equal('/traces/compare');
    expect(matchRoute(routes, '/traces/abc/')?.params).to.deep.equal({ id: 'abc' });
  });

  it('give values as they were before they were part of an address', () => {
    const name = 'a/b?c=<d>%';
    const { params } = matchRoute(routes, `/traces/${encodeURIComponent(name)}`) ?? {};
    expect(params).to.deep.equal({ id: name });
    expect(matchRoute(routes, '/traces/100%')?.params).to.deep.equal({ id: '100%' });
  });

  it('answer none for what is nowhere', () => {
    expect(matchRoute(routes, '/traces')).to.equal(undefined);
    expect(matchRoute(routes, '/traces/a/b')).to.equal(undefined);
  });
});
