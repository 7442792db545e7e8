import { expect } from 'chai';
import { toTargets, type ScrapedPod } from './targets.ts';

const pod: ScrapedPod = {
  name: 'orders-3f2a1-x7k2p',
  namespace: 'default',
  deployment: 'orders',
  container: 'orders',
  templateHash: '3f2a1',
  labels: { 'app.kubernetes.io/name': 'orders' },
  adminUrl: 'http://127.0.0.1:20001',
  sidecarAdminUrl: 'http://127.0.0.1:20002',
};

const labelOf = (labels: Readonly<Record<string, string>> | undefined, name: string) =>
  labels?.[`__meta_kubernetes_pod_label_${name}`];

describe('toTargets', () => {
  it('names a sidecar and its app as Kubernetes’ discovery does', () => {
    const [sidecar, app] = toTargets([pod]);
    expect(sidecar?.targets).to.deep.equal(['127.0.0.1:20002']);
    expect(sidecar?.labels).to.include({
      __meta_kubernetes_namespace: 'default',
      __meta_kubernetes_pod_name: 'orders-3f2a1-x7k2p',
      __meta_kubernetes_pod_container_name: 'linkerd-proxy',
      __meta_kubernetes_pod_container_port_name: 'linkerd-admin',
      __meta_kubernetes_pod_label_app_kubernetes_io_name: 'orders',
      __meta_kubernetes_pod_label_linkerd_io_control_plane_ns: 'linkerd',
      __meta_kubernetes_pod_label_linkerd_io_proxy_deployment: 'orders',
      __meta_kubernetes_pod_label_pod_template_hash: '3f2a1',
    });
    expect(app?.targets).to.deep.equal(['127.0.0.1:20001']);
    expect(app?.labels).to.include({
      __meta_kubernetes_pod_container_name: 'orders',
      __meta_kubernetes_pod_container_port_name: 'admin',
    });
  });

  it('leaves out what there is no address for, and Linkerd’s labels where it injects nothing', () => {
    const [app, ...rest] = toTargets([{ ...pod, sidecarAdminUrl: undefined }]);
    expect(rest).to.deep.equal([]);
    expect(labelOf(app?.labels, 'linkerd_io_control_plane_ns')).to.equal(undefined);
    const notUp = { ...pod, adminUrl: undefined, sidecarAdminUrl: undefined };
    expect(toTargets([notUp])).to.deep.equal([]);
  });

  it('takes in parts of the system that are no pods', () => {
    const [store] = toTargets(
      [],
      [{ name: 'trace-store', version: '1.0.0', url: 'http://[::1]:4318' }],
    );
    expect(store?.targets).to.deep.equal(['[::1]:4318']);
    expect(labelOf(store?.labels, 'app_kubernetes_io_part_of')).to.equal('faultline');
  });
});
