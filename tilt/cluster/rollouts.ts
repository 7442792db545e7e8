import type { Command } from './run.ts';

/** The pod template of a new version: a good one only says so, a bad one hears nobody. */
export function releasePatch(
  kind: 'good' | 'bad',
  at: { service: string; version: string },
): string {
  const { service, version } = at;
  // Its probes are answered on a port of their own: it gets ready, and fails every request.
  const deaf = { name: 'LISTEN_HTTP', value: '127.0.0.1:8079' };
  const heard = { name: 'LISTEN_HTTP', value: '0.0.0.0:8080' };
  const env = [kind === 'bad' ? deaf : heard];
  return JSON.stringify({
    spec: {
      template: {
        metadata: { labels: { 'app.kubernetes.io/version': version } },
        spec: { containers: [{ name: service, env }] },
      },
    },
  });
}

/** What a rollout can be told, as commands after `kubectl -n shop`. */
export const actions: Readonly<Record<string, (service: string) => string[][]>> = {
  pause: (service) => [patchCanary(service, { suspend: true })],
  resume: (service) => [patchCanary(service, { suspend: false, skipAnalysis: false })],
  promote: (service) => [patchCanary(service, { suspend: false, skipAnalysis: true })],
  // Flagger asks the load generator whether to take a version back; not while it is paused.
  abort: (service) => [openGate(service), patchCanary(service, { suspend: false })],
  status: (service) => [['get', 'canary', service, '-o', 'wide']],
};

function openGate(service: string): string[] {
  const pod = ['deployment/load-generator', '--container', 'load-generator'];
  return ['exec', ...pod, '--', 'node', 'src/hook/abort.ts', service, 'shop'];
}

function patchCanary(service: string, spec: object): string[] {
  return ['patch', 'canary', service, '--type=merge', '--patch', JSON.stringify({ spec })];
}

/** The commands of an action. Throws on one that there is not. */
export function rolloutCommands(kubectl: Command, action: string, service: string): Command[] {
  const run = actions[action];
  if (run === undefined) {
    throw new Error(`expected ${Object.keys(actions).join(', ')}, not '${action}'`);
  }
  const [program, ...args] = kubectl;
  return run(service).map((rest) => [program, ...args, '-n', 'shop', ...rest]);
}

/** The phases of a Canary in which Flagger asks whether to take the version back. */
const abortable = ['Progressing', 'Waiting', 'WaitingPromotion'];

/**
 * Why an action makes no sense in a phase; undefined: it does. With nothing on trial, what was meant
 * for one version would meet the next.
 */
export function refusal(action: string, phase: string): string | undefined {
  if (action !== 'abort' || abortable.includes(phase)) return undefined;
  return `nothing is on trial: expected the phase ${abortable.join(' or ')}, not '${phase}'`;
}
