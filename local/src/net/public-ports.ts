import type { Manifests, Service } from '../manifests/model.ts';
import type { Endpoints } from './endpoints.ts';
import { openPublicPort, type PublicPort } from './public-port.ts';

export type PublicPorts = {
  links: Record<string, string>;
  stop(): Promise<void>;
};

/** Opens every Service that has a local port, before anything is started: a taken one is an error. */
export async function openPublicPorts(options: {
  services: Manifests['services'];
  endpoints: Endpoints;
  host: string;
  ports: 'fixed' | 'auto';
}): Promise<PublicPorts> {
  const open: PublicPort[] = [];
  const links: Record<string, string> = {};
  const stop = async () => void (await Promise.all(open.map((port) => port.stop())));
  try {
    for (const service of options.services) {
      const [first] = service.ports;
      if (service.localPort === undefined || first === undefined) continue;
      const port = options.ports === 'auto' ? 0 : service.localPort;
      const target = { service, port: first };
      const opened = await openPublicPort({ ...options, target, port });
      open.push(opened);
      Object.assign(links, toLinks(service, options.host, opened.port));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { links, stop };
}

function toLinks(service: Service, host: string, port: number): Record<string, string> {
  const name = host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host;
  return Object.fromEntries(
    Object.entries(service.links).map(([link, path]) => [link, `http://${name}:${port}${path}`]),
  );
}
