import { expect } from 'chai';
import { reachOf } from './prometheus-address.ts';

describe('the address in a MetricTemplate', () => {
  const inCluster = { kind: 'service', service: 'prometheus', port: 9090 };

  for (const host of ['', '.svc', '.svc.cluster.local', '.svc.cluster.local.']) {
    it(`leads to a Service as prometheus.observability${host}`, () => {
      const address = `http://prometheus.observability${host}:9090/`;
      expect(reachOf(address, 'shop')).to.deep.equal({ ...inCluster, namespace: 'observability' });
    });
  }

  it('without a namespace is one of the template’s', () => {
    expect(reachOf('http://prometheus:9090', 'shop')).to.deep.equal({
      ...inCluster,
      namespace: 'shop',
    });
    expect(reachOf('http://prometheus', 'shop')).to.include({ port: 80 });
  });

  it('elsewhere is asked there', () => {
    for (const url of ['https://metrics.example.com/prometheus', 'http://10.1.2.3:9090']) {
      expect(reachOf(url, 'shop')).to.deep.equal({ kind: 'url', url });
    }
  });

  it('that is none is refused', () => {
    expect(() => reachOf('prometheus:9090', 'shop')).to.throw("not 'prometheus:9090'");
  });
});
