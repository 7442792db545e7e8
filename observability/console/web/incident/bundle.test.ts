import { expect } from 'chai';
import { aFrame, anIncident, ONSET_MS } from '../testing/samples.ts';
import { packIncident, unpackIncident } from './bundle.ts';

describe('an incident as a file', () => {
  const known = {
    incidents: [anIncident(), anIncident({ id: 'other', onset: new Date(0).toISOString() })],
    changes: [],
    frames: [aFrame(ONSET_MS - 100_000), aFrame(ONSET_MS), aFrame(ONSET_MS + 40_000)],
    traces: [{ traceID: 'a'.repeat(32), spans: [], processes: {} }],
    nowMs: ONSET_MS + 100_000,
  };
  const file = packIncident(anIncident(), known);

  it('holds its traces where Jaeger looks for them, and the time around it', () => {
    expect(file.data).to.deep.equal(known.traces);
    expect(file.faultline.frames.map(({ atMs }) => atMs - ONSET_MS)).to.deep.equal([0, 40_000]);
    expect(file.faultline.incidents.map(({ id }) => id)).to.deep.equal(['i1']);
  });

  it('is the same when it is opened again', () => {
    const opened = unpackIncident(JSON.stringify(file), 'file.json');
    expect(opened).to.deep.equal({
      name: 'file.json',
      frames: file.faultline.frames,
      incidents: file.faultline.incidents,
      changes: [],
      traces: known.traces,
    });
  });

  it('is refused with the reason when it is something else', () => {
    expect(() => unpackIncident('no', 'a.json')).to.throw('it is not JSON');
    expect(() => unpackIncident('{"data":[]}', 'a.json')).to.throw('expected an incident');
    const { faultline } = file;
    const broken = JSON.stringify({ faultline: { ...faultline, frames: 'none' } });
    expect(() => unpackIncident(broken, 'a.json')).to.throw('expected a list of frames');
  });

  it('leaves out what is not what it should be', () => {
    const odd = { ...file.faultline, frames: [null, { atMs: 'x' }], incidents: [{ id: 5 }] };
    const opened = unpackIncident(JSON.stringify({ data: 1, faultline: odd }), 'a.json');
    expect(opened).to.include({ name: 'a.json' });
    expect([opened.frames, opened.incidents, opened.traces]).to.deep.equal([[], [], []]);
  });
});
