import { expect } from 'chai';
import { readTraces } from './read-trace.ts';
import { isSidecar, titleOf } from './span.ts';

const tag = (key: string, value: unknown) => ({ key, type: 'string', value });
const span = (more: object) => ({
  traceID: 't',
  spanID: 'b',
  operationName: 'GET',
  references: [],
  startTime: 10,
  duration: 5,
  tags: [],
  logs: [],
  processID: 'p1',
  warnings: null,
  ...more,
});
const read = (...spans: object[]) =>
  readTraces({
    data: [
      {
        traceID: 't',
        spans,
        processes: { p1: { serviceName: 'orders', tags: [tag('service.version', '1.2.0')] } },
      },
    ],
  })[0]?.spans ?? [];

describe('reading a trace', () => {
  it('takes the first reference within the trace for the parent, others for links', () => {
    const link = { refType: 'FOLLOWS_FROM', traceID: 'other', spanID: 'x' };
    const [one] = read(
      span({
        references: [
          link,
          { refType: 'CHILD_OF', traceID: 't', spanID: 'a' },
          { refType: 'FOLLOWS_FROM', traceID: 't', spanID: 'a' },
          { refType: 'FOLLOWS_FROM', traceID: 't', spanID: 'c' },
        ],
      }),
    );
    expect(one?.parentId).to.equal('a');
    expect(one?.links).to.deep.equal([
      { traceId: 'other', spanId: 'x' },
      { traceId: 't', spanId: 'c' },
    ]);
    expect(one?.process).to.include({ service: 'orders', version: '1.2.0' });
  });

  it('knows errors by tag, status, and, as proxies leave that unset, by HTTP status', () => {
    const failing = [
      tag('error', true),
      tag('otel.status_code', 'ERROR'),
      tag('http.response.status_code', 503),
      tag('http.response.status_code', '500'),
    ];
    expect(read(...failing.map((one) => span({ tags: [one] }))).every((one) => one.isError)).equal(
      true,
    );
    const fine = [tag('error', false), tag('http.response.status_code', 404)];
    expect(read(...fine.map((one) => span({ tags: [one] }))).some((one) => one.isError)).equal(
      false,
    );
  });

  it('names events by what happened', () => {
    const fields = [tag('exception.type', 'E'), tag('event', 'exception')];
    const [one] = read(span({ logs: [{ timestamp: 12, fields }] }));
    expect(one?.events).to.deep.equal([
      { atUs: 12, name: 'exception', attributes: [{ key: 'exception.type', value: 'E' }] },
    ]);
  });

  it('says whom a client asked for what', () => {
    const tags = [
      tag('span.kind', 'client'),
      tag('http.request.method', 'GET'),
      tag('server.address', 'stock'),
      tag('url.full', 'http://stock/items/7?secret=1'),
    ];
    expect(read(span({ tags })).map(titleOf)).to.deep.equal(['GET → stock/items/7']);
    expect(read(span({})).map(titleOf)).to.deep.equal(['GET']);
  });

  it('reads what makes no sense as nothing much', () => {
    expect(readTraces('what')).to.deep.equal([]);
    expect(readTraces({ data: null })).to.deep.equal([]);
    const [one] = read({});
    expect(one).to.include({ id: '', operation: '', durationUs: 0 });
    expect(one && isSidecar(one)).to.equal(false);
  });
});
