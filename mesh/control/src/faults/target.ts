import { namespaceDefault } from '../manifests/fields.ts';
import { instancesOf, type MeshService, type World } from '../world.ts';
import { FaultSpecError, type FaultProblem, type FaultTarget } from './fault.ts';
import type { ParsedSpec } from './spec.ts';

/** What the rehearsal itself stands on. */
const untouchable = new Set([
  'control',
  'control-plane',
  'destination',
  'policy',
  'identity',
  'engine',
  'faultline',
  'proxy',
  'prometheus',
  'jaeger',
  'console',
  'collector',
  'store',
]);

type Known = Pick<World, 'services' | 'instances'>;

/**
 * Understands `service`, `a->b`, an instance's name or `store:redis` (a bare `redis` where nothing
 * else has that name). Throws a `FaultSpecError` for what is unknown, what the kind of fault
 * cannot do there, and what would touch the probes.
 */
export function resolveTarget(spec: ParsedSpec, known: Known): FaultTarget {
  const target = parseTarget(spec.target, known);
  const problems = [...misfits(spec, target), ...probeOverlap(spec, known)];
  if (problems.length > 0) throw new FaultSpecError(problems);
  return target;
}

function parseTarget(text: string, known: Known): FaultTarget {
  const [from = '', to, ...rest] = text.split(/->|→/).map((part) => part.trim());
  if (rest.length > 0) throw refuse(`expected one edge a->b, not '${text}'`);
  if (to === undefined) return findPlace(from, known);
  const source = findService(from, known);
  if (source === undefined) throw unknown(from, known);
  if (!instancesOf(source, known).every(({ meshed }) => meshed)) {
    throw refuse(`'${from}' has no proxy that could do it; its edges start elsewhere`);
  }
  const place = findPlace(to, known);
  if (place.kind !== 'service' && place.kind !== 'store') {
    throw refuse(`an edge ends at a service or store, not at '${to}'`);
  }
  const { namespace, name } = source;
  return { kind: 'edge', from: { namespace, name }, to: place };
}

function findPlace(text: string, known: Known): FaultTarget {
  if (untouchable.has(text)) {
    throw refuse(`'${text}' belongs to the rehearsal itself, which faults must not touch`);
  }
  const stores = new Set(known.instances.flatMap(({ tcpTargets }) => tcpTargets.map(nameOf)));
  const store = /^store:(.+)$/.exec(text)?.[1];
  const service = findService(store ?? text, known);
  if (stores.has(store ?? text) && (store !== undefined || service === undefined)) {
    return { kind: 'store', name: store ?? text };
  }
  if (service) return { kind: 'service', namespace: service.namespace, name: service.name };
  if (known.instances.some(({ name }) => name === text)) return { kind: 'instance', name: text };
  throw unknown(text, known);
}

/** `orders` or `shop/orders`. */
function findService(text: string, { services }: Known): MeshService | undefined {
  const parts = text.split('/');
  const [namespace, name] = parts.length === 2 ? parts : [namespaceDefault, text];
  return services.find((service) => service.name === name && service.namespace === namespace);
}

function nameOf({ name }: { name: string }): string {
  return name;
}

function refuse(detail: string): FaultSpecError {
  return new FaultSpecError([{ pointer: '/target', detail }]);
}

function unknown(text: string, { services, instances }: Known): FaultSpecError {
  const stores = new Set(instances.flatMap(({ tcpTargets }) => tcpTargets.map(nameOf)));
  const places = [...services.map(nameOf), ...[...stores].map((name) => `store:${name}`)];
  const shown = text.slice(0, 80);
  return refuse(
    `there is no '${shown}'; expected a service, a->b, an instance or a store: ${places.join(', ')}`,
  );
}

function misfits(spec: ParsedSpec, target: FaultTarget): FaultProblem[] {
  if (spec.kind === 'kill') {
    if (target.kind === 'service' || target.kind === 'instance') return [];
    return [{ pointer: '/target', detail: 'only a service or an instance can be killed' }];
  }
  const isStore = target.kind === 'store' || (target.kind === 'edge' && target.to.kind === 'store');
  if (!isStore) return [];
  const detail = 'connections to a store carry no HTTP';
  return [
    ...(spec.kind === 'error' ? [{ pointer: '/kind', detail }] : []),
    ...(spec.method === undefined ? [] : [{ pointer: '/method', detail }]),
    ...(spec.path === undefined ? [] : [{ pointer: '/path', detail }]),
  ];
}

function probeOverlap({ path }: ParsedSpec, { instances }: Known): FaultProblem[] {
  if (path === undefined) return [];
  const own = ['/metrics', ...instances.flatMap(({ probes }) => probes.map((probe) => probe.path))];
  if (!own.some((one) => path === one || path.startsWith(`${one}/`))) return [];
  return [{ pointer: '/path', detail: `faults never touch probes and metrics such as ${path}` }];
}
