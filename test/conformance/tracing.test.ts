import { createServer, type Server } from 'node:http';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { z } from 'zod';
import { inProcess } from './harness/proxies.ts';
import { VirtualTime } from './harness/virtual-time.ts';
import { World } from './harness/world.ts';

const exported = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string(),
              name: z.string(),
              kind: z.number(),
              attributes: z.array(
                z.object({ key: z.string(), value: z.record(z.string(), z.string()) }),
              ),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Span = z.output<typeof exported>['resourceSpans'][0]['scopeSpans'][0]['spans'][0];

const traceId = '0af7651916cd43dd8448eb211c80319c';
const appSpan = 'b7ad6b7169203331';

describe('conformance: spans', () => {
  let world: World;
  let collector: Server;
  let spans: Span[];

  beforeEach(async () => {
    spans = [];
    collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { resourceSpans } = exported.parse(JSON.parse(body));
        spans.push(
          ...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans)),
        );
        response.end();
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const address = collector.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const launcher = inProcess(new VirtualTime(), { collector: `http://127.0.0.1:${port}` });
    world = await World.start({ launcher });
    await world.mesh.setReady(world.b2, { ready: false });
  });
  afterEach(async () => {
    await world.stop();
    collector.closeAllConnections();
    collector.close();
  });

  /** Asks with these headers; the answer is the header that the app saw. */
  async function ask(headers: Record<string, string>): Promise<string | undefined> {
    await world.get('/p?q=1', { headers });
    return world.b1.app.seen.at(-1)?.headers['traceparent']?.toString();
  }

  /** Lets the collector get what there is, which must be the four spans of one call. */
  async function collect(): Promise<void> {
    await world.mesh.time.pass(1_000);
    await eventually(() => expect(spans).to.have.length(4));
  }

  it('65 a sampled trace: four spans a hop, each the child of the one before', async () => {
    const seen = await ask({ traceparent: `00-${traceId}-${appSpan}-01` });
    await collect();
    const chain = [appSpan];
    for (let span = childOf(appSpan); span; span = childOf(span.spanId)) chain.push(span.spanId);
    expect(chain).to.have.length(5);
    expect(seen).to.equal(`00-${traceId}-${chain[4]}-01`);
    const path = chain.slice(1).map((id) => spans.find(({ spanId }) => spanId === id));
    expect(path.map((span) => [directionOf(span), span?.kind])).to.deep.equal([
      ['outbound', 2],
      ['outbound', 3],
      ['inbound', 2],
      ['inbound', 3],
    ]);
    for (const span of spans) {
      expect(span).to.include({ traceId, name: '/p' });
      const keys = span.attributes.map(({ key }) => key);
      expect(keys).to.include.members([
        'http.request.method',
        'url.path',
        'http.response.status_code',
      ]);
    }
  });

  for (const [what, headers] of [
    ['no trace', {}],
    ['a trace that is not sampled', { traceparent: `00-${'1'.repeat(32)}-${appSpan}-00` }],
    ['another version', { traceparent: `01-${'1'.repeat(32)}-${appSpan}-01` }],
  ] as const) {
    it(`65 ${what}: no spans, and the header is left as it is`, async () => {
      const seen = await ask({ ...headers });
      expect(seen).to.equal('traceparent' in headers ? headers.traceparent : undefined);
      await ask({ traceparent: `00-${traceId}-${appSpan}-01` });
      await collect();
      expect(spans.every((span) => span.traceId === traceId)).to.equal(true);
    });
  }

  function childOf(id: string): Span | undefined {
    return spans.find(({ parentSpanId }) => parentSpanId === id);
  }
});

function directionOf(span: Span | undefined): string | undefined {
  return span?.attributes.find(({ key }) => key === 'direction')?.value['stringValue'];
}
