import { engine, engineState } from '../core/engine.ts';
import { useAsked } from '../core/query.ts';
import type { PolicyReport, RoutesReport } from './model/mesh-report.ts';
import { describePolicy, type PortPolicy } from './model/policy-words.ts';
import { describeBreaker, describeRoutes, type RouteWords } from './model/route-words.ts';

const REFRESH_MS = 10_000;

type Words = {
  readonly ports: readonly PortPolicy[];
  readonly routes: readonly RouteWords[];
  readonly breaker: string | undefined;
};

/** What the mesh does with the service's calls, in words. */
export function PolicyPanel({ service }: { service: string }) {
  const isAbsent = engineState.value === 'absent';
  const { value, error } = useAsked(
    `policy ${service} ${isAbsent}`,
    async () => (isAbsent ? undefined : load(service)),
    REFRESH_MS,
  );
  return (
    <section class="panel" aria-label="Mesh policy">
      <h2>What the mesh does with its calls</h2>
      {isAbsent && (
        <p class="empty">
          No local engine runs this system. In a cluster: kubectl get httproutes, servers,
          authorizationpolicies.
        </p>
      )}
      {error && !isAbsent && <p class="problem">The mesh could not be asked: {error.message}.</p>}
      {value && <Policy words={value} />}
    </section>
  );
}

async function load(service: string): Promise<Words> {
  const [routes, policy, status] = await Promise.all([
    engine.mesh<RoutesReport>('routes'),
    engine.mesh<PolicyReport>('policy'),
    engine.status(),
  ]);
  const own = status.services.find(({ name }) => name === service)?.instances ?? [];
  const names = new Set(own.map(({ name }) => name));
  const instance = policy.instances.find(({ name }) => names.has(name));
  return {
    ports: instance ? describePolicy(instance) : [],
    routes: describeRoutes(routes, service),
    breaker: describeBreaker(routes, service),
  };
}

function Policy({ words: { ports, routes, breaker } }: { words: Words }) {
  return (
    <div class="service-policy">
      <div>
        <h3>Who may call</h3>
        {ports.length === 0 && <p class="muted">It is outside the mesh: anyone who reaches it.</p>}
        {ports.map(({ port, name, sentences }) => (
          <div key={`${port} ${name}`} class="service-words">
            <p class="small">
              <b>{port === 0 ? 'Every port' : `Port ${port}`}</b> <code class="muted">{name}</code>
            </p>
            {sentences.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </div>
        ))}
        <h3>Breaker</h3>
        <p class="service-words">{breaker ?? 'There is none: instances that fail stay in use.'}</p>
      </div>
      <div>
        <h3>How calls travel; the closest match counts</h3>
        {routes.length === 0 && <p class="muted">The mesh does not know it as a Service.</p>}
        {routes.map(({ name, calls, sentences }, index) => (
          <div key={index} class="service-words">
            <p class="small">
              {calls.map((call) => (
                <code key={call} class="service-call">
                  {call}
                </code>
              ))}
              <code class="muted">{name}</code>
            </p>
            <p>{sentences.join(' ')}</p>
          </div>
        ))}
      </div>
    </div>
  );
}
