import { engine, engineState } from '../core/engine.ts';
import { useAsked } from '../core/query.ts';
import { promString } from '../metrics/model/promql.ts';
import { queryAt, REFRESH_MS } from '../metrics/use-range.ts';
import { StateBadge } from '../ui/state-badge.tsx';
import { valuesOf } from './model/red.ts';

type Instance = {
  readonly name: string;
  readonly version: string;
  readonly isReady: boolean;
  readonly state: string;
  /** Undefined where only metrics tell of it. */
  readonly restarts?: number;
  readonly pid?: number | null;
};

/** The processes, or pods, that serve. Always those of now. */
export function InstancesPanel({ service }: { service: string }) {
  const { value, error } = useAsked(
    `instances ${service} ${engineState.value}`,
    (signal) =>
      engineState.value === 'absent' ? fromMetrics(service, signal) : fromEngine(service),
    REFRESH_MS,
  );
  return (
    <section class="panel" aria-label="Instances">
      <h2>Instances</h2>
      {error && engineState.value !== 'absent' && (
        <p class="problem">Who runs could not be found out: {error.message}.</p>
      )}
      {value?.length === 0 && <p class="empty">Nobody knows of an instance.</p>}
      {value && value.length > 0 && <Table instances={value} />}
    </section>
  );
}

function Table({ instances }: { instances: readonly Instance[] }) {
  return (
    <div class="service-scroll">
      <table class="service-table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Version</th>
            <th>State</th>
            <th class="number">Restarts</th>
            <th class="number">Process</th>
          </tr>
        </thead>
        <tbody>
          {instances.map(({ name, version, isReady, state, restarts, pid }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>{version}</td>
              <td>
                <StateBadge
                  state={isReady ? 'healthy' : 'origin'}
                  word={isReady ? 'Ready' : state === 'Running' ? 'Not ready' : state}
                />
              </td>
              <td class="number">{restarts ?? '–'}</td>
              <td class="number muted">{pid ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

async function fromEngine(service: string): Promise<Instance[]> {
  const { services } = await engine.status();
  const found = services.find(({ name }) => name === service);
  return (found?.instances ?? []).map(({ ready, ...rest }) => ({ ...rest, isReady: ready }));
}

/** Where no engine is, who is scraped. */
async function fromMetrics(service: string, signal: AbortSignal): Promise<Instance[]> {
  const up = `max by (pod, version) (up{service=${promString(service)}})`;
  return valuesOf(await queryAt(up, signal)).map(({ labels, value }) => ({
    name: labels['pod'] ?? '',
    version: labels['version'] ?? '',
    isReady: value === 1,
    state: value === 1 ? 'Running' : 'Not reached',
  }));
}
