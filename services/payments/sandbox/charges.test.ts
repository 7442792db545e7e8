import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryDir } from '../test/harness.ts';
import { Charges } from './charges.ts';

const amount = { amount: 100, currency: 'EUR' } as const;

describe('the sandbox’s record', () => {
  let dir: Awaited<ReturnType<typeof temporaryDir>>;
  beforeEach(async () => void (dir = await temporaryDir()));
  afterEach(() => dir.remove());

  async function authorize(charges: Charges, reference: string) {
    charges.expect({ reference, amount, token: 'tok_ok' });
    return charges.perform(reference, { operation: 'authorize', key: `${reference}:authorize` });
  }

  it('is on the disk before an answer is given', async () => {
    const charges = await Charges.open(dir.path);
    await authorize(charges, 'one');
    const written = await readFile(join(dir.path, 'charges.jsonl'), 'utf8');
    expect(JSON.parse(written)).to.include({ reference: 'one', status: 'authorized' });
    await charges.close();
  });

  it('survives a restart with its idempotency keys and its counts of calls', async () => {
    const before = await Charges.open(dir.path);
    before.expect({ reference: 'one', amount, token: 'tok_error_once' });
    expect(before.arrive('one', 'authorize')).to.include({ answer: 'error' });
    await before.keep('one');
    expect(before.get('one')).to.equal(undefined);
    await before.close();

    const after = await Charges.open(dir.path);
    expect(after.arrive('one', 'authorize')).to.include({ answer: 'reply' });
    await authorize(after, 'one');
    await after.close();

    const last = await Charges.open(dir.path);
    await authorize(last, 'one');
    expect(last.get('one')?.effects.authorize).to.equal(1);
    await last.close();
  });

  it('drops a line that was cut off while it was written', async () => {
    const before = await Charges.open(dir.path);
    await authorize(before, 'one');
    await before.close();
    await appendFile(join(dir.path, 'charges.jsonl'), '{"reference":"two","stat');

    const after = await Charges.open(dir.path);
    expect(after.list(undefined, 10).map((charge) => charge.reference)).to.deep.equal(['one']);
    await authorize(after, 'three');
    await after.close();
    const last = await Charges.open(dir.path);
    expect(last.list('one', 10).map((charge) => charge.reference)).to.deep.equal(['three']);
    await last.close();
  });

  it('keeps what many write at once, one line for each charge after a restart', async () => {
    const before = await Charges.open(dir.path);
    const references = Array.from({ length: 200 }, (_, index) => `c${index}`);
    await Promise.all(references.map((reference) => authorize(before, reference)));
    await Promise.all(references.map((reference) => authorize(before, reference)));
    await before.close();
    const after = await Charges.open(dir.path);
    expect(after.list(undefined, 1_000).map((charge) => charge.reference)).to.deep.equal(
      references,
    );
    await after.close();
    const lines = (await readFile(join(dir.path, 'charges.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).to.have.length(200);
  });

  it('tells another charge under a known reference', async () => {
    const charges = await Charges.open(dir.path);
    await authorize(charges, 'one');
    const other = { amount: 101, currency: 'EUR' } as const;
    expect(charges.expect({ reference: 'one', amount: other, token: 'tok_ok' })).to.equal(false);
    expect(charges.expect({ reference: 'one', amount, token: 'tok_ok' })).to.equal(true);
    await charges.close();
  });
});
