import type { Command } from './run.ts';

/** What `tilt down` leaves: namespaces, with the volumes of the stores; charts. In this order. */
export function removalFor(context: string): readonly Command[] {
  const remove = (...namespaces: string[]): Command => [
    'kubectl',
    '--context',
    context,
    'delete',
    'namespace',
    ...namespaces,
    '--ignore-not-found',
  ];
  const uninstall = (name: string, namespace: string): Command => [
    'helm',
    'uninstall',
    name,
    '--kube-context',
    context,
    '--namespace',
    namespace,
    '--ignore-not-found',
    '--wait',
  ];
  return [
    // While there is still somebody who takes the finalizers off.
    remove('shop', 'observability'),
    uninstall('flagger', 'flagger-system'),
    uninstall('linkerd-control-plane', 'linkerd'),
    uninstall('linkerd-crds', 'linkerd'),
    remove('flagger-system', 'linkerd'),
  ];
}
