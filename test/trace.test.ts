import { Shop } from './support/shop.ts';
import { sharedSystem } from './support/system.ts';
import { eventually } from '@faultline/chassis/testing/eventually';
import { systemClock } from '@faultline/chassis/clock';

describe('one order, one trace', function () {
  this.timeout(120_000);
  it('probe', async () => {
    const system = await sharedSystem();
    const shop = new Shop(system);
    const ann = await shop.customer();
    await shop.stocks({ lamp: 5 });
    const { id } = await ann.orders({ lamp: 1 });
    const dump = (name: string, traceId: string) => {
      const spans = system.sink.spans.filter((s) => s.traceId === traceId);
      console.log(name, spans.length);
      const ids = new Set(spans.map((s) => s.spanId));
      const show = (parent: string, depth: number) => {
        for (const s of spans.filter(
          (x) => (ids.has(x.parentSpanId) ? x.parentSpanId : '') === parent,
        )) {
          console.log(
            '  '.repeat(depth) +
              [
                s.resource['service.name'],
                s.kind,
                s.name,
                s.scope.split('/').at(-1),
                JSON.stringify(s.attributes),
                s.links.length ? 'L' : '',
                s.parentSpanId && !ids.has(s.parentSpanId) ? 'ORPHAN' : '',
              ]
                .join(' | ')
                .slice(0, 330),
          );
          show(s.spanId, depth + 1);
        }
      };
      show('', 0);
    };
    const span = await system.sink.waitFor('order', (s) => s.attributes['order.id'] === id);
    await systemClock.sleep(6000);
    dump('order', span.traceId);
    console.log(JSON.stringify(span.resource));
    const admin = await shop.admin();
    const image = await admin.uploadsPicture();
    await eventually(async () => {
      const r = await admin.api.get(`/api/v1/images/${image}`);
      if (r.body['status'] !== 'ready') throw new Error('no');
    }, 10000);
    await systemClock.sleep(4000);
    const up = system.sink.spans.findLast(
      (s) => s.attributes['http.route'] === '/api/v1/images' && s.kind === 'server',
    );
    dump('image', up?.traceId ?? '');
    const declined = await ann.buys({ lamp: 1 }, { token: 'tok_declined' });
    console.log(JSON.stringify(declined.body));
    const names = new Map<string, number>();
    for (const s of system.sink.spans)
      names.set(
        s.resource['service.name'] + ' ' + s.kind + ' ' + s.name,
        (names.get(s.resource['service.name'] + ' ' + s.kind + ' ' + s.name) ?? 0) + 1,
      );
    console.log(
      [...names]
        .sort()
        .map((x) => x.join(' '))
        .join('\n'),
    );
  });
});
