import type { Canary, Weights } from '../canary.ts';
import { parseCanaries } from '../load.ts';
import { tick } from '../machine.ts';
import {
  type Action,
  type Answer,
  type HookAnswer,
  newRollout,
  type Question,
  type Readiness,
  type RolloutCommand,
  type RolloutState,
  type TickResult,
} from '../state.ts';
import type { Webhook } from '../schema.ts';
import type { Verdict } from '../verdict.ts';

export const good: Verdict = { kind: 'pass', metric: 'success', query: 'q', value: 100 };
export const bad: Verdict = {
  kind: 'fail',
  metric: 'success',
  query: 'q',
  value: 90,
  reason: 'success 90.00 < 99',
};
export const silent: Verdict = {
  kind: 'no-values',
  hasTraffic: false,
  metric: 'success',
  query: 'q',
  reason: 'probably podinfo.test is not receiving traffic',
};
export const away: Verdict = {
  kind: 'unavailable',
  metric: 'success',
  query: 'q',
  reason: 'connect ECONNREFUSED',
};

/** A Canary like in Flagger's documentation, with `analysis` in YAML's flow style, and more of its parts. */
export function canaryOf(analysis: string, spec = '', service = ''): Canary {
  const text = `
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: podinfo, namespace: test }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: podinfo }
  service:
    port: 80
    gatewayRefs: [{ group: core, kind: Service, name: podinfo, port: 80 }]
    ${service}
  ${analysis === '' ? '' : `analysis: ${analysis}`}
  ${spec}
`;
  const [canary] = parseCanaries([{ file: 'canary.yaml', text }]);
  if (canary === undefined) throw new Error('make a canary: there is none');
  return canary;
}

/** What Flagger would change, kept in memory; and what it is told. */
export class World {
  readonly canary: Canary;
  strict = true;
  state: RolloutState = newRollout;
  routes: Weights | { error: string } = { primary: 0, canary: 0 };
  spec = 'v1';
  primarySpec = '';
  /** What the primary had before the last promotion. */
  #formerSpec = '';
  targetIsUp = true;
  target: Readiness = { ready: true };
  primary: Readiness = { ready: true };
  metrics: readonly Verdict[] = [good];
  /** By the hook's name; what is not named says yes, but for calls to roll back. */
  hooks: Record<string, boolean> = {};
  /** Hooks as they were called, with the phase they were told. */
  readonly called: string[] = [];
  /** When a hook is called. */
  whenCalled: ((hook: Webhook) => void) | undefined;
  readonly messages: string[] = [];
  /** Each tick's phase and the canary's share of traffic after it. */
  readonly history: string[] = [];

  constructor(canary: Canary) {
    this.canary = canary;
  }

  /** A world where the first version runs and the next one has just been deployed. */
  static withNewVersion(analysis: string, spec?: string): World {
    const world = new World(canaryOf(analysis, spec));
    world.tick();
    world.history.length = 0;
    world.spec = 'v2';
    return world;
  }

  get share(): number {
    return 'error' in this.routes ? -1 : this.routes.canary;
  }

  /** Looks that often; what was done at the last look. */
  ticks(count: number): readonly Action[] {
    let actions: readonly Action[] = [];
    for (let done = 0; done < count; done++) actions = this.tick();
    return actions;
  }

  tick(command?: RolloutCommand): readonly Action[] {
    const { canary, state, strict, spec, routes, primary, target } = this;
    const targetAvailable = this.targetIsUp && target.ready ? 1 : 0;
    const observed = { spec, routes, primary, target, targetAvailable };
    const looking = tick({ canary, state, strict, observed, ...(command && { command }) });
    const actions: Action[] = [];
    let step = looking.next();
    while (!step.done) {
      const { value } = step;
      if (value.kind === 'perform') actions.push(...this.#perform(value.result));
      step = looking.next(this.#answer(value));
    }
    actions.push(...this.#perform(step.value));
    this.history.push(`${this.state.phase} ${this.share}`);
    return actions;
  }

  #perform({ state, actions, events }: TickResult): readonly Action[] {
    for (const action of actions) this.#apply(action);
    this.state = state;
    this.messages.push(...events.map(({ message }) => message));
    return actions;
  }

  #answer(question: Question): Answer {
    if (question.kind === 'metrics') return this.metrics;
    if (question.kind === 'perform') return { ok: true, detail: 'done' };
    const { hook, phase } = question;
    this.whenCalled?.(hook);
    this.called.push(`${hook.name} ${phase}`);
    const ok = this.hooks[hook.name] ?? hook.type !== 'rollback';
    return { ok, detail: 'the hook said no' } satisfies HookAnswer;
  }

  #apply(action: Action): void {
    if (action.kind === 'set-routes') this.routes = action.weights;
    if (action.kind === 'scale-target') this.targetIsUp = action.to === 'full';
    if (action.kind === 'restore-primary') this.primarySpec = this.#formerSpec;
    if (action.kind !== 'promote' && action.kind !== 'create-primary') return;
    this.#formerSpec = this.primarySpec;
    this.primarySpec = this.spec;
  }
}
