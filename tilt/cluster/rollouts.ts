import type { Command } from './run.ts';

/** The pod template of a new version: a good one only says so, a bad one hears nobody. */
export function releasePatch(
  kind: 'good' | 'bad',
  at: { service: string; version: string },
): string {
  const { service, version } = at;
  // Its probes are answered on a port of their own: it gets ready, and fails every request.
  const deaf = { name: 'LISTEN_HTTP', value: '127.0.0.1:1' };
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
  // Flagger sees the version that it promoted last, and has nothing left to do.
  abort: (service) => [['rollout', 'undo', `deployment/${service}`]],
  status: (service) => [['get', 'canary', service, '-o', 'wide']],
};

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
