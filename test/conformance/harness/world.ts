import type { Ask, Reply } from './http.ts';
import { EmbeddedMesh, type EmbeddedOptions } from './embedded.ts';
import { type Manifest, service, type ServiceOptions } from './manifests.ts';
import type { Pod, PodOptions } from './mesh.ts';

/**
 * What the table sets up: a client in namespace a; Service b:80 with the pods b1 and b2, which are
 * also the Services b-1 and b-2. Pods answer with their name.
 */
export class World {
  readonly mesh: EmbeddedMesh;
  readonly client: Pod;
  readonly b1: Pod;
  readonly b2: Pod;

  private constructor(mesh: EmbeddedMesh, pods: { client: Pod; b1: Pod; b2: Pod }) {
    this.mesh = mesh;
    this.client = pods.client;
    this.b1 = pods.b1;
    this.b2 = pods.b2;
  }

  static async start(options: EmbeddedOptions & { pods?: Partial<PodOptions> } = {}) {
    const mesh = await EmbeddedMesh.start(options);
    const backend = (number: number) =>
      addPod(mesh, {
        name: `b${number}`,
        account: 'b',
        labels: { app: 'b', backend: String(number) },
        ...options.pods,
      });
    const client = await mesh.addPod({ name: 'client' });
    const world = new World(mesh, { client, b1: await backend(1), b2: await backend(2) });
    await world.apply();
    return world;
  }

  /** The Services of the table and these manifests; `b` is what is different about Service b. */
  apply(...manifests: readonly Manifest[]): Promise<void> {
    return this.applyWith({}, ...manifests);
  }

  applyWith(b: ServiceOptions, ...manifests: readonly Manifest[]): Promise<void> {
    return this.mesh.apply(
      service('b', b),
      service('b-1', { selector: { backend: '1' } }),
      service('b-2', { selector: { backend: '2' } }),
      ...manifests,
    );
  }

  /** Another pod that answers with its name. */
  addPod(options: PodOptions): Promise<Pod> {
    return addPod(this.mesh, options);
  }

  /** A request of the client to Service b. */
  get(path = '/', ask: Ask = {}): Promise<Reply> {
    return this.mesh.send(this.client, `http://b${path}`, ask);
  }

  post(path: string, body: string | Buffer): Promise<Reply> {
    return this.get(path, { method: 'POST', body });
  }

  /** `count` requests to Service b, some of them side by side; the replies in order. */
  async many(count: number, { path = '/', atOnce = 10 } = {}): Promise<Reply[]> {
    const replies: Reply[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < count; index = next++) replies[index] = await this.get(path);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return replies;
  }

  /** A request every `gapMs` for `ms`, whether or not those before have been answered. */
  async load(options: { ms: number; gapMs: number; pod?: Pod; path?: string }): Promise<Reply[]> {
    const { ms, gapMs, pod = this.client, path = '/' } = options;
    const { time } = this.mesh;
    const replies: Promise<Reply>[] = [];
    for (let atMs = 0; atMs < ms; atMs += gapMs) {
      replies.push(this.mesh.send(pod, `http://b.a${path}`));
      await time.pass(gapMs);
    }
    return Promise.all(replies);
  }

  stop(): Promise<void> {
    return this.mesh.stop();
  }
}

async function addPod(mesh: EmbeddedMesh, options: PodOptions): Promise<Pod> {
  const pod = await mesh.addPod(options);
  pod.app.answer = () => ({ body: pod.name });
  return pod;
}

/** The share of replies that came from `pod`. */
export function shareOf(replies: readonly Reply[], pod: Pod): number {
  return replies.filter(({ body }) => body === pod.name).length / replies.length;
}

/** How many replies there are of each status. */
export function statusesOf(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The times between the requests that an app has seen. */
export function gapsOf(pod: Pod): number[] {
  const times = pod.app.seen.map(({ atMs }) => atMs);
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
}
