import type { Manifest } from '../manifest.ts';

/** What Tilt would do for a Tiltfile. */
export type Resource = {
  name: string;
  kind: 'k8s' | 'local';
  deps: string[];
  labels: string[];
  links: string[];
  podReadiness: string;
  autoInit: boolean;
  manual: boolean;
  cmd: string[];
  serveCmd: string[];
  dir: string;
  hasProbe: boolean;
  ports: { local: number; host: string }[];
  /** What a k8s resource applies. */
  objects: Manifest[];
  images: string[];
};

export type Image = {
  ref: string;
  context: string;
  dockerfile: string;
  target: string;
  only: string[];
  fallBackOn: string[];
  syncs: { from: string; to: string }[];
};

export type Button = {
  name: string;
  resource: string;
  text: string;
  confirm: boolean;
  inputs: { name: string; value: string }[];
  args: string[];
};

export type Tiltfile = {
  resources: Map<string, Resource>;
  images: Image[];
  buttons: Button[];
  /** Arguments of the calls that only set something, by function. */
  set: Map<string, Record<string, unknown>>;
  allowedContexts: string[];
  enabled: string[] | undefined;
  /** What Tilt says and goes on; here it fails a test. */
  warnings: string[];
};
