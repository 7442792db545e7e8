import { expect } from 'chai';
import { QueueBook } from './queues.ts';

describe('QueueBook', () => {
  let book: QueueBook;
  let nowMs: number;
  beforeEach(() => {
    book = new QueueBook();
    nowMs = 0;
  });

  function see(lag: number, handled: number): void {
    nowMs += 1_000;
    const of = { service: 'images', queue: 'images.jobs', group: 'workers', pending: 1 };
    book.add({ ...of, atMs: nowMs, lag, handled });
  }

  it('is content with a queue that is short', () => {
    for (let second = 0; second < 30; second++) see(second % 2, 1);
    expect(book.backlogs(nowMs)).to.deep.equal([]);
  });

  it('names a queue that grows while its consumers do no more than usual', () => {
    for (let second = 0; second < 30; second++) see(0, 1);
    for (const lag of [1, 3, 5, 7, 9]) see(lag, 0);
    const [backlog] = book.backlogs(nowMs);
    expect(backlog?.state.queue).to.equal('images.jobs');
    expect(backlog?.sinceMs).to.be.within(30_000, 32_000);
    expect(backlog?.score).to.be.greaterThan(8);
  });

  it('lets consumers work off a burst', () => {
    for (let second = 0; second < 30; second++) see(0, 1);
    for (const lag of [4, 9, 14, 12, 8, 3]) see(lag, 6);
    expect(book.backlogs(nowMs)).to.deep.equal([]);
  });

  it('has nothing to say of a queue that nobody tells of any more', () => {
    for (let second = 0; second < 30; second++) see(0, 1);
    for (const lag of [3, 5, 7, 9]) see(lag, 0);
    expect(book.backlogs(nowMs + 10_000)).to.deep.equal([]);
  });
});
