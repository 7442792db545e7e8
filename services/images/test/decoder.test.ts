import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { systemClock } from '@faultline/chassis/clock';
import { eventually } from '@faultline/chassis/testing/eventually';
import { expect } from 'chai';
import { Decoder, DecoderCrash } from '../src/decoder/decoder.ts';
import { noise, picture } from './pictures.ts';

/** Starts a decoder, writes its process id and stays. */
const ORPHAN_MAKER = `
  const { Decoder } = await import('../src/decoder/decoder.ts');
  const { systemClock: clock } = await import('@faultline/chassis/clock');
  const decoder = new Decoder({ clock, timeoutMs: 10_000 });
  await decoder.run({ kind: 'draw', svg: '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>' });
  console.log(decoder.pid);
`;

describe('the decoder process', () => {
  const open: Decoder[] = [];
  afterEach(() => {
    for (const decoder of open.splice(0)) decoder.close();
  });

  function decoderWith(options: Partial<ConstructorParameters<typeof Decoder>[0]> = {}): Decoder {
    const decoder = new Decoder({ clock: systemClock, timeoutMs: 10_000, ...options });
    open.push(decoder);
    return decoder;
  }

  async function failure(work: Promise<unknown>): Promise<unknown> {
    return work.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('starts with the first task, serves the next ones and ends when idle', async () => {
    const decoder = decoderWith({ idleMsMax: 200 });
    expect(decoder.pid).to.equal(undefined);
    const bytes = await picture();
    const answers = await Promise.all([1, 2, 3].map(() => decoder.run({ kind: 'render', bytes })));
    expect(answers.map(({ kind }) => kind)).to.deep.equal(Array(3).fill('rendered'));
    expect(getPriority(decoder.pid), 'people come first').to.be.greaterThan(getPriority());
    await eventually(() => expect(decoder.pid).to.equal(undefined));
    expect((await decoder.run({ kind: 'render', bytes })).kind).to.equal('rendered');
  });

  it('is killed when a picture takes too long, and the picture refused', async () => {
    const decoder = decoderWith({ timeoutMs: 1 });
    const answer = await decoder.run({ kind: 'render', bytes: await noise(2_000, 1_500, 'webp') });
    expect(answer).to.deep.equal({ kind: 'refused', reason: 'took_too_long' });
  });

  it('gives up by itself when it needs too much memory', async () => {
    const decoder = decoderWith({ memoryBytesMax: 1 });
    const answer = await decoder.run({ kind: 'render', bytes: await picture() });
    expect(answer).to.deep.equal({ kind: 'refused', reason: 'too_large' });
    await eventually(() => expect(decoder.pid).to.equal(undefined));
  });

  it('fails the task it dies over, and only that one', async () => {
    const decoder = decoderWith();
    const bytes = await picture();
    await decoder.run({ kind: 'render', bytes });
    const doomed = failure(
      decoder.run({ kind: 'render', bytes: await noise(2_000, 1_500, 'png') }),
    );
    await eventually(() => process.kill(decoder.pid ?? 0, 'SIGKILL'));
    expect(await doomed).to.be.instanceOf(DecoderCrash);
    expect((await decoder.run({ kind: 'render', bytes })).kind).to.equal('rendered');
  });

  it('does not outlive a service that was killed', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', ORPHAN_MAKER], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(line);
    expect(process.kill(pid, 0)).to.equal(true);
    parent.kill('SIGKILL');
    await eventually(() => expect(() => process.kill(pid, 0)).to.throw('ESRCH'));
  });

  it('draws our own pictures', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect/></svg>';
    const answer = await decoderWith().run({ kind: 'draw', svg });
    expect(answer.kind === 'drawn' && Buffer.from(answer.png).readUInt32BE(16)).to.equal(20);
  });
});
