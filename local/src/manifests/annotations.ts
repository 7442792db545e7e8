import { namespaceDefault } from '@faultline/mesh-control/manifests/fields';
import type { Service } from './model.ts';
import type { ServiceManifest } from './schema.ts';

const localPort = 'faultline.dev/local-port';
const links = 'faultline.dev/links';
const notes = 'faultline.dev/notes';

/** What is wrong with a Service's `faultline.dev/…` annotations: annotation and message. */
export function checkAnnotations(manifest: ServiceManifest): [string, string][] {
  const values = manifest.metadata.annotations ?? {};
  const known = [localPort, links, notes];
  const problems: [string, string][] = [];
  for (const [key, value] of Object.entries(values)) {
    if (!key.startsWith('faultline.dev/')) continue;
    if (!known.includes(key)) problems.push([key, `expected one of ${known.join(', ')}`]);
    const port = Number(value);
    if (key === localPort && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
      problems.push([key, `expected a port from 1 to 65535, not '${value}'`]);
    }
    if (key === links && !value.split(',').every((link) => /^[^=]+=\//.test(link.trim()))) {
      problems.push([key, `expected 'Name=/path, …', not '${value}'`]);
    }
    if (key === links && values[localPort] === undefined) {
      problems.push([key, `links need ${localPort} beside them`]);
    }
  }
  return problems;
}

/** The engine's view of a Service whose manifest has been checked. */
export function toService(manifest: ServiceManifest): Service {
  const values = manifest.metadata.annotations ?? {};
  return {
    name: manifest.metadata.name,
    namespace: manifest.metadata.namespace ?? namespaceDefault,
    annotations: values,
    hasClusterIp: manifest.spec.clusterIP !== 'None',
    selector: manifest.spec.selector,
    ports: manifest.spec.ports.map(({ name, port, targetPort, appProtocol }) => ({
      name,
      port,
      target: targetPort ?? port,
      appProtocol,
    })),
    localPort: values[localPort] === undefined ? undefined : Number(values[localPort]),
    links: Object.fromEntries((values[links]?.split(',') ?? []).map(parseLink)),
    notes: (values[notes] ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  };
}

function parseLink(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
