import { eventually } from '@faultline/chassis/testing/eventually';
import { ensureGroup } from '@faultline/chassis/streams';
import { expect } from 'chai';
import { DecoderCrash } from '../src/decoder/decoder.ts';
import type { Answer, Task } from '../src/decoder/protocol.ts';
import { beginAttempt, finish } from '../src/images.ts';
import { type Images, startImages } from './images.ts';
import { picture } from './pictures.ts';

/** Answers at once, and counts; `fail` says how often to crash first. */
function fakeDecoder(fail = 0) {
  const decoder = {
    runs: 0,
    async run(_: Task): Promise<Answer> {
      decoder.runs++;
      if (decoder.runs <= fail) throw new DecoderCrash('killed for a test');
      const bytes = new Uint8Array([decoder.runs]);
      return { kind: 'rendered', renditions: [{ width: 160, height: 120, bytes }] };
    },
  };
  return decoder;
}

describe('workers', () => {
  let images: Images;
  beforeEach(async () => {
    images = await startImages();
  });
  afterEach(() => images.stop());

  const deadLetters = () => images.redis.xrange('images.jobs.dead', '-', '+');
  const pending = async () => (await images.redis.xpending('images.jobs', 'images'))[0];

  it('share the jobs, and do each once', async () => {
    images.startRelay();
    const [first, second] = [fakeDecoder(), fakeDecoder()];
    images.startWorker({ decoder: first });
    images.startWorker({ decoder: second });
    const bytes = await picture();
    const ids: string[] = [];
    for (let i = 0; i < 40; i++) ids.push(await images.add(bytes));
    for (const id of ids) expect((await images.settled(id)).status).to.equal('ready');
    expect(first.runs + second.runs).to.equal(40);
    expect(Math.min(first.runs, second.runs)).to.be.above(0);
    const told = await Promise.all(ids.map((id) => images.eventsOf(id)));
    for (const events of told) expect(events).to.deep.equal(['image.queued', 'image.ready']);
  });

  it('find the jobs that were taken in while the queue was away', async () => {
    const id = await images.add(await picture());
    expect(await images.redis.xlen('images.jobs')).to.equal(0);
    images.startWorker({ decoder: fakeDecoder() });
    images.startRelay();
    expect((await images.settled(id)).status).to.equal('ready');
  });

  it('try again when a picture kills the decoder', async () => {
    images.startRelay();
    const decoder = fakeDecoder(2);
    images.startWorker({ decoder });
    const id = await images.add(await picture());
    expect((await images.settled(id)).status).to.equal('ready');
    expect(decoder.runs).to.equal(3);
    expect(await deadLetters()).to.have.length(0);
  });

  it('reject a picture that always kills it, and keep the job for inspection', async () => {
    images.startRelay();
    const decoder = fakeDecoder(3);
    images.startWorker({ decoder });
    const [poison, healthy] = [
      await images.add(await picture()),
      await images.add(await picture()),
    ];
    expect(await images.settled(poison)).to.include({
      status: 'rejected',
      reason: 'processing_failed',
    });
    expect((await images.settled(healthy)).status).to.equal('ready');
    expect(decoder.runs).to.equal(4);
    expect(await images.eventsOf(poison)).to.deep.equal(['image.queued', 'image.rejected']);
    await eventually(async () => expect(await pending()).to.equal(0));
    const [letter] = await deadLetters();
    expect(letter?.[1].join(' ')).to.include(poison).and.include('3 attempts');
  });

  it('put aside jobs that make no sense', async () => {
    images.startWorker({ decoder: fakeDecoder() });
    for (const event of ['', '{', '{"type":"image.queued"}', JSON.stringify({ id: 1 })]) {
      await images.redis.xadd('images.jobs', '*', 'event', event);
    }
    await eventually(async () => expect(await deadLetters()).to.have.length(4));
    expect(await pending()).to.equal(0);
  });

  it('take over what another worker left, and nothing it is still busy with', async () => {
    const id = await images.add(await picture());
    await ensureGroup(images.redis, 'images.jobs', 'images');
    await images.outbox.flush();
    await images.redis.xreadgroup(
      'GROUP',
      'images',
      'gone',
      'COUNT',
      1,
      'STREAMS',
      'images.jobs',
      '>',
    );
    const patient = fakeDecoder();
    images.startWorker({ decoder: patient, claimAfterMs: 600_000 });
    images.startRelay();
    expect((await images.settled(await images.add(await picture()))).status).to.equal('ready');
    expect((await images.read(id)).status).to.equal('queued');
    images.startWorker({ decoder: fakeDecoder(), claimAfterMs: 100 });
    expect((await images.settled(id)).status).to.equal('ready');
    expect(patient.runs).to.equal(1);
  });

  it('do nothing for a job that comes again', async () => {
    images.startRelay();
    const decoder = fakeDecoder();
    images.startWorker({ decoder });
    const id = await images.add(await picture());
    await images.settled(id);
    const [entry] = await images.redis.xrange('images.jobs', '-', '+');
    await images.redis.xadd('images.jobs', '*', ...(entry?.[1] ?? []));
    await images.settled(await images.add(await picture()));
    expect(decoder.runs).to.equal(2);
    expect(await images.eventsOf(id)).to.deep.equal(['image.queued', 'image.ready']);
  });

  it('let the latest attempt win', async () => {
    const id = await images.add(await picture());
    const late = await beginAttempt(images.db, id);
    const current = await beginAttempt(images.db, id);
    if (!late || !current) throw new Error('two attempts were expected to begin');
    expect(await finish(images.db.pool, late, 'corrupt')).to.equal(undefined);
    expect(await finish(images.db.pool, current, null)).to.equal(4);
    expect(await images.read(id)).to.include({ status: 'ready', reason: null });
    expect(await beginAttempt(images.db, id)).to.equal(undefined);
  });
});
