import type { Change } from '../core/wire.ts';

const verbs: Readonly<Record<Change['kind'], string>> = {
  deploy: 'deployed',
  weight: 'traffic moved',
  promote: 'promoted',
  rollback: 'rolled back',
  scale: 'scaled',
  config: 'configured',
  restart: 'restarted',
  instance: '',
};

/** Whether a change is worth a mark: instances come and go with every other change. */
export function isTold({ kind, state }: Change): boolean {
  return kind !== 'instance' || state === 'crashed';
}

/** `catalog 1.1.0 deployed: 10 % to 1.1.0`. */
export function changeWords({ kind, service, version, instance, state, detail }: Change): string {
  const who = instance ?? (version === undefined ? service : `${service} ${version}`);
  const what = kind === 'instance' ? (state ?? 'changed') : verbs[kind];
  return detail === '' || detail === what ? `${who} ${what}` : `${who} ${what}: ${detail}`;
}
