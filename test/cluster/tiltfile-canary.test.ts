import { expect } from 'chai';
import { services } from './support/overlays.ts';
import type { Tiltfile } from './support/tilt/model.ts';
import { context, resource, tilt } from './support/tilt/project.ts';

describe('the Tiltfile with --canary', function () {
  this.timeout(60_000);

  it('builds a new version of what is saved where Flagger is to try it', () => {
    const live = ({ images }: Tiltfile) => images.filter(({ syncs }) => syncs.length > 0);
    expect(live(tilt({ canary: true }))).to.deep.equal([]);
    expect(live(tilt())).to.have.length(services.length);
  });

  it('never waits for Deployments that Flagger scales to nothing', () => {
    const file = tilt({ canary: true });
    for (const name of services) {
      expect(resource(file, name).podReadiness).to.equal('ignore');
      expect(resource(file, `${name}-canary`).deps).to.include.members(['flagger', name]);
      expect(resource(file, `${name}-canary`).objects.map(({ kind }) => kind)).to.deep.equal([
        'Canary',
      ]);
    }
    expect(resource(tilt(), 'orders').podReadiness).to.equal('wait');
  });

  it('leaves a Service with what serves, and with its own resource, though nothing there is selected', () => {
    for (const [canary, suffix] of [
      [true, '-primary'],
      [false, ''],
    ] as const) {
      for (const name of services) {
        const { objects } = resource(tilt({ canary }), name);
        const service = objects.find(
          ({ kind, metadata }) => kind === 'Service' && metadata.name === name,
        );
        expect(service?.['spec'], name).to.deep.include({
          selector: { 'app.kubernetes.io/name': `${name}${suffix}` },
        });
      }
    }
  });

  it('sends nobody through the shop before Flagger serves it', () => {
    const cmd = (canary: boolean) => resource(tilt({ canary }), 'journeys').cmd.join(' ');
    expect(cmd(true)).to.include(` --canaries-of ${context}`);
    expect(cmd(false)).not.to.include('--canaries-of');
  });

  it('brings people for canaries, once Flagger and the namespace are there', () => {
    const file = tilt({ canary: true });
    for (const name of ['load-generator', 'metric-templates']) {
      expect(resource(file, name).deps).to.have.members(['flagger', 'secrets']);
    }
    expect(resource(file, 'load-generator').images).to.deep.equal([
      'ghcr.io/faultline/load-generator',
    ]);
    expect(tilt().resources.has('load-generator')).to.equal(false);
    const hooked = services.filter((name) => name !== 'gateway');
    expect(hooked.every((name) => resource(file, `${name}-canary`).objects.length === 1)).to.equal(
      true,
    );
  });
});
