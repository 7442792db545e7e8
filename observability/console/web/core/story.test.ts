import { expect } from 'chai';
import { incidentAt, openIncidents, originName, partsOf } from './story.ts';
import { aFrame, anIncident, ONSET_MS } from '../testing/samples.ts';

describe('an incident at a moment', () => {
  it('is not there before its onset, open during it, and over afterwards', () => {
    const incident = anIncident();
    expect(incidentAt(incident, ONSET_MS - 1)).to.equal(undefined);
    expect(incidentAt(incident, ONSET_MS + 10_000)).to.include({
      state: 'open',
      resolved_at: null,
    });
    expect(incidentAt(incident, ONSET_MS + 40_000)?.state).to.equal('resolved');
  });

  it('has hit only those whom it had hit by then', () => {
    const early = incidentAt(anIncident(), ONSET_MS + 500);
    expect(early?.propagation.map(({ service }) => service)).to.deep.equal(['payments']);
    expect(early?.victims).to.deep.equal([]);
    expect(incidentAt(anIncident(), ONSET_MS + 1_000)?.victims).to.have.length(1);
  });
});

describe('the parts in what is broken', () => {
  const open = anIncident({
    state: 'open',
    absorbed: [{ by: 'fallback', service: 'storefront', count: 2 }],
  });

  it('are origin, victim, masked, and healthy or unknown for all others', () => {
    const { states } = partsOf(aFrame(0), [open]);
    expect(Object.fromEntries(states)).to.include({
      payments: 'origin',
      orders: 'victim',
      storefront: 'masked',
      gateway: 'healthy',
      notifications: 'unknown',
    });
  });

  it('name the edge where the calls themselves are what broke', () => {
    expect([...partsOf(aFrame(0), [open]).brokenEdges]).to.deep.equal(['orders payments']);
  });

  it('say in a word what is wrong, with what broke first and with whom it hit', () => {
    const slow = anIncident({
      state: 'open',
      symptom: 'latency',
      origin: { kind: 'service', service: 'payments' },
      victims: [{ service: 'orders', at: '', requests: 3, failed: 0, slow: 3 }],
    });
    const symptoms = (incident: typeof slow) =>
      Object.fromEntries(partsOf(aFrame(0), [incident]).symptoms);
    expect(symptoms(slow)).to.deep.equal({ payments: 'slow', orders: 'slow' });
    expect(symptoms(open), 'an edge tells of itself').to.deep.equal({ orders: 'fails' });
  });

  it('end with the incident', () => {
    const { states, brokenEdges } = partsOf(aFrame(0), [anIncident()]);
    expect(states.get('payments')).to.equal('healthy');
    expect(brokenEdges).to.have.property('size', 0);
  });
});

describe('open incidents', () => {
  it('are shown with the one first that hits most', () => {
    const one = anIncident({ id: 'small', state: 'open', share_hit: 0.1 });
    const two = anIncident({ id: 'large', state: 'open', share_hit: 0.6 });
    const over = anIncident({ id: 'over' });
    expect(openIncidents([one, two, over]).map(({ id }) => id)).to.deep.equal(['large', 'small']);
  });

  it('are called by what broke, as fine as that is known', () => {
    expect(originName(anIncident().origin)).to.equal('orders → payments');
    expect(originName({ kind: 'version', service: 'catalog', version: '1.1.0' })).to.equal(
      'catalog 1.1.0',
    );
    expect(originName({ kind: 'instance', service: 'catalog', instance: 'catalog-1' })).to.equal(
      'catalog-1',
    );
    expect(originName({ kind: 'service', service: 'catalog' })).to.equal('catalog');
  });
});
