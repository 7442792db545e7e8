import { join } from 'node:path';
import { expect } from 'chai';
import { manifestTexts } from './texts.ts';

const root = join(import.meta.dirname, '../../..');

describe('the manifests of a service', () => {
  it('are how it is run, called and rolled out', async () => {
    const texts = await manifestTexts(root, 'payments');
    expect(texts.map(({ path }) => path)).to.include.members([
      'services/payments/deploy/payments.yaml',
      'mesh/policy/payments.yaml',
      'mesh/canary/payments.yaml',
    ]);
    expect(texts[0]?.text).to.contain('kind: Deployment');
  });

  it('are found in the folder of another service, too', async () => {
    const [only] = await manifestTexts(root, 'payment-provider');
    expect(only?.path).to.equal('services/payments/deploy/payment-provider.yaml');
  });

  it('are none of what is no service', async () => {
    expect(await manifestTexts(root, 'nobody')).to.deep.equal([]);
    for (const name of ['../payments', '', 'a/b', 'a'.repeat(70)]) {
      const error: unknown = await manifestTexts(root, name).catch((reason: unknown) => reason);
      expect(error, name).to.be.instanceOf(Error);
    }
  });
});
