import { expect } from 'chai';
import { route, rule, to } from './harness/manifests.ts';
import { EmbeddedMesh } from './harness/embedded.ts';
import { statusesOf, World } from './harness/world.ts';

const path = (type: string, value: string) => ({ path: { type, value } });

describe('conformance: matches and filters', () => {
  let world: World;
  beforeEach(async () => (world = await World.start()));
  afterEach(() => world.stop());

  /** The pod that answers, or the status when none does. */
  const whoAnswers = async (where: string, ask = {}): Promise<string | number> => {
    const reply = await world.get(where, ask);
    return reply.body === '' ? reply.status : reply.body;
  };

  it('10 a prefix matches whole elements, with or without the last slash', async () => {
    await world.apply(route({ rules: [rule('/foo', to('b-1'))] }));
    for (const matched of ['/foo', '/foo/', '/foo/bar']) {
      expect(await whoAnswers(matched), matched).to.equal('b1');
    }
    expect(await whoAnswers('/foobar')).to.equal(404);
  });

  it('11 an exact path does not beat a prefix of its length: the older route does', async () => {
    const exact = route({
      name: 'exact',
      created: '2025-01-02T00:00:00Z',
      rules: [{ matches: [path('Exact', '/a/b')], backendRefs: [to('b-1')] }],
    });
    const prefix = route({
      name: 'prefix',
      created: '2025-01-01T00:00:00Z',
      rules: [{ matches: [path('PathPrefix', '/a/b')], backendRefs: [to('b-2')] }],
    });
    await world.apply(exact, prefix);
    expect(await whoAnswers('/a/b')).to.equal('b2');
  });

  it('12 a rule with a header beats one without', async () => {
    const x = { headers: [{ name: 'x', value: '1' }] };
    await world.apply(
      route({ rules: [{ matches: [x], backendRefs: [to('b-1')] }, rule('/', to('b-2'))] }),
    );
    expect(await whoAnswers('/', { headers: { x: '1' } })).to.equal('b1');
    expect(await whoAnswers('/')).to.equal('b2');
  });

  it('13 a header outranks a method', async () => {
    const c = await world.addPod({ name: 'b3', account: 'b', labels: { app: 'b', backend: '1' } });
    await world.mesh.setReady(c, { ready: false });
    await world.apply(
      route({
        rules: [
          { matches: [{ method: 'POST' }], backendRefs: [to('b-1')] },
          { matches: [{ headers: [{ name: 'x', value: '1' }] }], backendRefs: [to('b-2')] },
          {
            matches: [{}],
            filters: [{ type: 'RequestRedirect', requestRedirect: { statusCode: 301 } }],
          },
        ],
      }),
    );
    expect(await whoAnswers('/', { method: 'POST' })).to.equal('b1');
    expect(await whoAnswers('/', { method: 'POST', headers: { x: '1' } })).to.equal('b2');
    expect(await whoAnswers('/')).to.equal(301);
  });

  it('14 an exact host beats a suffix', async () => {
    await world.apply(
      route({ name: 'suffix', hostnames: ['*.ex.test'], rules: [rule('/', to('b-1'))] }),
      route({ name: 'zexact', hostnames: ['api.ex.test'], rules: [rule('/', to('b-2'))] }),
    );
    // The authority decides the route, the address of the connection the Service.
    const host = (name: string) =>
      world.mesh.sendRaw(
        world.client,
        `CONNECT b:80 HTTP/1.1\r\nhost: b:80\r\n\r\nGET / HTTP/1.1\r\nhost: ${name}\r\nconnection: close\r\n\r\n`,
      );
    expect(await host('api.ex.test')).to.contain('\r\nb2\r\n');
    expect(await host('www.ex.test')).to.contain('\r\nb1\r\n');
    expect(await host('other.test')).to.contain(' 404 ');
  });

  it('15 a pattern covers the whole path', async () => {
    const matches = [path('RegularExpression', '/v[0-9]+')];
    await world.apply(route({ rules: [{ matches, backendRefs: [to('b-1')] }] }));
    expect(await whoAnswers('/v1')).to.equal('b1');
    expect(await whoAnswers('/v1/x')).to.equal(404);
  });

  it('20 request headers are set, added and removed', async () => {
    const requestHeaderModifier = {
      set: [{ name: 'x-set', value: 'new' }],
      add: [{ name: 'x-add', value: '2' }],
      remove: ['x-gone'],
    };
    const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier }];
    await world.apply(route({ rules: [{ filters, backendRefs: [to('b-1')] }] }));
    await world.get('/', {
      headers: { 'x-set': 'old', 'x-add': '1', 'x-gone': 'y', 'x-kept': 'z' },
    });
    expect(world.b1.app.seen[0]?.headers).to.include({
      'x-set': 'new',
      'x-add': '1, 2',
      'x-kept': 'z',
    });
    expect(world.b1.app.seen[0]?.headers).to.not.have.property('x-gone');
  });

  it('21 a redirect answers by itself', async () => {
    const filters = [
      { type: 'RequestRedirect', requestRedirect: { hostname: 'other.test', statusCode: 302 } },
    ];
    await world.apply(route({ rules: [{ filters }] }));
    const reply = await world.get('/a?q=1');
    expect(reply.status).to.equal(302);
    expect(reply.headers.location).to.match(/^http:\/\/other\.test(:80)?\/a\?q=1$/);
    expect([...world.b1.app.seen, ...world.b2.app.seen]).to.have.length(0);
  });

  it('22 a mirror or rewrite drops its route; on a backend it makes that backend answer 500', async () => {
    const rewrite = {
      type: 'URLRewrite',
      urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/' } },
    };
    const mirror = { type: 'RequestMirror', requestMirror: { backendRef: to('b-2') } };
    for (const filter of [rewrite, mirror]) {
      await world.apply(route({ rules: [{ filters: [filter], backendRefs: [to('b-2')] }] }));
      const replies = await world.many(40);
      expect(statusesOf(replies)).to.deep.equal({ 200: 40 });
      expect(
        replies.some(({ body }) => body === 'b1'),
        'the default route',
      ).to.equal(true);
      expect(world.mesh.warnings().join()).to.contain(`does not support ${filter.type}`);
    }
    const onBackend = route({
      rules: [rule('/', to('b-1'), to('b-2', 1, { filters: [rewrite] }))],
    });
    await world.apply(onBackend);
    const replies = await world.many(100);
    const failed = replies.filter(({ status }) => status === 500);
    expect(failed.length).to.be.within(30, 70);
    expect(failed[0]?.headers['l5d-proxy-error']).to.contain('unsupported backend filter');
  });
});

describe('conformance: what Linkerd would ignore or drop is refused', () => {
  let mesh: EmbeddedMesh;
  beforeEach(async () => (mesh = await EmbeddedMesh.start({ strict: true })));
  afterEach(() => mesh.stop());

  const mirror = { type: 'RequestMirror', requestMirror: { backendRef: to('b-2') } };
  const cases: readonly [string, Parameters<typeof route>[0], RegExp][] = [
    ['4 a weight of 0 alone', { rules: [rule('/', to('b-1', 0))] }, /ignores the weight/],
    ['all weights of 0', { rules: [rule('/', to('b-1', 0), to('b-2', 0))] }, /all weights are 0/],
    ['19 a GRPCRoute', { kind: 'GRPCRoute', rules: [] }, /does not route gRPC/],
    ['22 a mirror', { rules: [{ filters: [mirror] }] }, /does not support RequestMirror/],
    [
      '22 a filter of a backend',
      { rules: [rule('/', to('b-1'), to('b-2', 1, { filters: [mirror] }))] },
      /does not support RequestMirror/,
    ],
    ['29 1m30s', { rules: [{ timeouts: { request: '1m30s' } }] }, /is ignored by Linkerd/],
    ['29 backendRequest', { rules: [{ timeouts: { backendRequest: '1s' } }] }, /ignores it/],
    ['rule.retry', { rules: [{ retry: { attempts: 2 } }] }, /ignores it/],
    [
      '64 a route of an EgressNetwork that does more than match',
      {
        parent: { group: 'policy.linkerd.io', kind: 'EgressNetwork', name: 'all', port: 80 },
        rules: [rule('/', to('b'))],
      },
      /only matches what leaves it/,
    ],
    [
      'a Gateway',
      { parent: { kind: 'Gateway', group: 'gateway.networking.k8s.io' } },
      /no Gateways/,
    ],
  ];
  for (const [name, options, reason] of cases) {
    it(`${name} is refused with file, line and field`, async () => {
      let said = '';
      try {
        await mesh.apply(route(options));
      } catch (refusal) {
        said = refusal instanceof Error ? refusal.message : '';
      }
      expect(said).to.match(reason);
      expect(said).to.match(/^manifests\/\d+\.yaml:1:\d+ /);
    });
  }
});
