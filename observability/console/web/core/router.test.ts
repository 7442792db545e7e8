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

  it('answer none for what is nowhere', () => {
    expect(matchRoute(routes, '/traces')).to.equal(undefined);
    expect(matchRoute(routes, '/traces/a/b')).to.equal(undefined);
  });
});
