import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { splitImage } from '../kustomize.ts';
import type { Manifest } from '../manifest.ts';
import { Opaque, textOf, type Value } from '../starlark/values.ts';
import { type Arguments, contentOf, toPlain } from './arguments.ts';
import type { Button, Image, Resource, Tiltfile } from './model.ts';

const workloadKinds = new Set(['Deployment', 'StatefulSet', 'Job', 'DaemonSet']);
/** Contexts that Tilt takes for clusters of one's own machine. */
const local = /^(kind-|k3d-|minikube|docker-desktop|microk8s|colima|orbstack|rancher-desktop)/;

/** Writes down what a Tiltfile asks for, as Tilt assembles it. */
export class Recorder {
  readonly result: Tiltfile = {
    resources: new Map(),
    images: [],
    buttons: [],
    set: new Map(),
    allowedContexts: [],
    enabled: undefined,
    warnings: [],
  };
  readonly #unusedSteps = new Set<Opaque>();
  /** Applied, and of no resource yet. */
  readonly #loose: Manifest[] = [];

  allow(contexts: string[]): null {
    this.result.allowedContexts.push(...contexts);
    return null;
  }

  currentContext(context: string): string {
    return context;
  }

  /** Tilt runs nothing against a cluster that might be somebody's production. */
  checkContext(context: string): void {
    if (local.test(context) || this.result.allowedContexts.includes(context)) return;
    throw new Error(`stop! ${context} might be production`);
  }

  set(name: string, args: Arguments, parameters: readonly string[]): null {
    const given = parameters.map((key) => [key, toPlain(args.get(key))] as const);
    this.result.set.set(name, Object.fromEntries(given.filter(([, value]) => value !== null)));
    return null;
  }

  enable(names: string[]): null {
    this.result.enabled = names;
    return null;
  }

  apply(manifests: readonly Manifest[]): null {
    for (const one of manifests) {
      if (workloadKinds.has(one.kind)) this.#add({ ...blank(one.metadata.name), objects: [one] });
      else this.#loose.push(one);
    }
    return null;
  }

  configure(args: Arguments): null {
    const workload = args.text('workload', '');
    const objects = args.texts('objects').map((selector) => this.#take(selector));
    if (workload === '') this.#add({ ...blank(args.text('new_name')), objects });
    const resource = this.result.resources.get(workload || args.text('new_name'));
    if (resource === undefined)
      throw new Error(`k8s_resource: could not find resource ${workload}`);
    if (workload !== '') resource.objects.push(...objects);
    Object.assign(resource, common(args), {
      podReadiness: args.text('pod_readiness', ''),
      ports: args.values('port_forwards').map(toPort),
    });
    return null;
  }

  addLocal(args: Arguments, dir: string): null {
    const name = args.text('name');
    this.#add({
      ...blank(name),
      kind: 'local',
      ...common(args),
      cmd: command(args, 'cmd'),
      serveCmd: command(args, 'serve_cmd'),
      dir: args.text('dir', args.text('serve_dir', dir)),
      hasProbe: args.get('readiness_probe') !== null,
    });
    return null;
  }

  addImage(args: Arguments, at: (path: string) => string): null {
    const image: Image = {
      ref: args.text('ref'),
      context: at(args.text('context')),
      dockerfile: at(args.text('dockerfile', 'Dockerfile')),
      target: args.text('target', ''),
      only: args.texts('only'),
      fallBackOn: [],
      syncs: [],
    };
    if (!existsSync(image.dockerfile)) throw new Error(`docker_build: no ${image.dockerfile}`);
    for (const step of args.values('live_update')) this.#addStep(image, step);
    for (const path of [...image.fallBackOn, ...image.syncs.map(({ from }) => from)]) {
      const inside = relative(image.context, path);
      if (!image.only.some((one) => inside === one || inside.startsWith(`${one}/`))) {
        throw new Error(`docker_build: live_update: ${inside} is not in the build context`);
      }
    }
    this.result.images.push(image);
    return null;
  }

  /** A step that is made has to be used, or Tilt ends. */
  step(made: Opaque): Opaque {
    this.#unusedSteps.add(made);
    return made;
  }

  #addStep(image: Image, step: Value): void {
    if (step instanceof Opaque) this.#unusedSteps.delete(step);
    if (step instanceof Opaque && step.kind === 'fall_back_on') {
      if (image.syncs.length > 0) throw new Error('docker_build: fall_back_on must come first');
      const files = step.content.get('files');
      image.fallBackOn.push(...(Array.isArray(files) ? files.map(textOf) : []));
    } else {
      const { from, to } = Object.fromEntries(contentOf(step, 'sync'));
      image.syncs.push({ from: textOf(from ?? null), to: textOf(to ?? null) });
    }
  }

  addButton(args: Arguments): null {
    const location = contentOf(args.get('location'), 'ui_component_location');
    const button: Button = {
      name: args.text('name'),
      resource: textOf(location.get('component_id') ?? null),
      text: args.text('text'),
      confirm: args.is('requires_confirmation'),
      inputs: args.values('inputs').map(toInput),
      args: [],
    };
    if (this.result.buttons.some(({ name }) => name === button.name)) {
      throw new Error(`ui_button: ${button.name} exists twice`);
    }
    this.result.buttons.push(button);
    return null;
  }

  addCommand(args: Arguments): null {
    const start = contentOf(args.get('start_on'), 'start_on_spec').get('ui_buttons');
    const [name] = Array.isArray(start) ? start : [];
    const button = this.result.buttons.find((one) => one.name === name);
    if (button === undefined) throw new Error(`cmd: there is no button ${JSON.stringify(name)}`);
    button.args = args.texts('args');
    return null;
  }

  /** What Tilt finds at the end. Throws on a cycle. */
  finish(): Tiltfile {
    const unused = this.#unusedSteps.size;
    if (unused > 0) throw new Error(`${unused} live_update steps were made and not used`);
    const { resources, images, warnings, buttons, enabled } = this.result;
    for (const one of this.#loose.filter(({ kind }) => kind === 'Service'))
      this.#assignService(one);
    for (const one of this.#loose)
      warnings.push(`${one.kind} ${one.metadata.name} is of no resource`);
    for (const { name, deps } of resources.values()) {
      for (const dep of deps.filter((one) => !resources.has(one))) {
        warnings.push(`${name} depends on ${dep}, which does not exist`);
      }
    }
    const used = new Set([...resources.values()].flatMap((one) => one.images));
    for (const { ref } of images) if (!used.has(ref)) warnings.push(`image ${ref} is not used`);
    for (const { name, resource } of buttons) {
      if (!resources.has(resource))
        warnings.push(`button ${name} is on ${resource}, which is not there`);
    }
    for (const name of enabled ?? [])
      if (!resources.has(name)) warnings.push(`${name} does not exist`);
    findCycle(resources);
    return this.result;
  }

  #assignService(service: Manifest): void {
    const selector: Record<string, string> = Reflect.get(Object(service['spec']), 'selector');
    const pairs = Object.entries(selector);
    const owner = [...this.result.resources.values()].find(({ objects }) =>
      objects.some((one) => pairs.every(([key, value]) => podLabels(one)[key] === value)),
    );
    if (owner === undefined) return;
    owner.objects.push(service);
    this.#loose.splice(this.#loose.indexOf(service), 1);
  }

  #add(resource: Resource): void {
    if (this.result.resources.has(resource.name)) throw new Error(`${resource.name} exists twice`);
    const images = JSON.stringify(resource.objects).matchAll(/"image":"([^"]+)"/g);
    resource.images = [...images].map(([, image = '']) => splitImage(image).path);
    this.result.resources.set(resource.name, resource);
  }

  #take(selector: string): Manifest {
    const [name, kind, namespace] = selector
      .split(/(?<!\\):/)
      .map((part) => part.replace('\\:', ':'));
    const found = this.#loose.filter(
      (one) =>
        one.metadata.name === name &&
        (kind === undefined || one.kind.toLowerCase() === kind) &&
        (namespace === undefined || one.metadata.namespace === namespace),
    );
    const [only] = found;
    if (found.length !== 1 || !only)
      throw new Error(`k8s_resource: ${selector} is ${found.length} objects`);
    this.#loose.splice(this.#loose.indexOf(only), 1);
    return only;
  }
}

/** The labels of the pods that a workload makes. */
function podLabels({ spec }: Manifest): Record<string, string> {
  const { metadata } = Object(Object(spec).template);
  return { ...Object(metadata).labels };
}

function blank(name: string): Resource {
  return {
    name,
    kind: 'k8s',
    deps: [],
    labels: [],
    links: [],
    podReadiness: '',
    autoInit: true,
    manual: false,
    cmd: [],
    serveCmd: [],
    dir: '',
    hasProbe: false,
    ports: [],
    objects: [],
    images: [],
  };
}

function common(args: Arguments) {
  return {
    deps: args.texts('resource_deps'),
    labels: args.texts('labels'),
    links: args.values('links').map((one) => textOf(contentOf(one, 'link').get('url') ?? null)),
    autoInit: args.is('auto_init', true),
    manual: args.get('trigger_mode') === 'manual',
  };
}

/** A command as a shell would read it is none that this project uses. */
function command(args: Arguments, key: string): string[] {
  if (typeof args.get(key) === 'string') throw new Error(`${key}: expected a list of arguments`);
  return args.texts(key);
}

function toPort(value: Value): { local: number; host: string } {
  const { local_port: port, host } = Object.fromEntries(contentOf(value, 'port_forward'));
  return { local: Number(port), host: host ? textOf(host) : 'localhost' };
}

function toInput(value: Value): { name: string; value: string } {
  const { name, text } = Object.fromEntries(contentOf(value, 'ui_input_spec'));
  const preset = contentOf(text ?? null, 'ui_text_input_spec').get('default_value');
  return { name: textOf(name ?? null), value: textOf(preset ?? null) };
}

function findCycle(resources: ReadonlyMap<string, Resource>): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw new Error(`cycle: ${[...path, name].join(' → ')}`);
    if (done.has(name)) return;
    for (const dep of resources.get(name)?.deps ?? []) visit(dep, [...path, name]);
    done.add(name);
  };
  for (const name of resources.keys()) visit(name, []);
}
