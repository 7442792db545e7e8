import type { ComponentChildren } from 'preact';
import { engineState } from '../core/engine.ts';
import { formatMs, formatRate, formatShare } from '../core/format.ts';
import { Link } from '../core/link.tsx';
import { address, setQuery } from '../core/url.ts';
import type { Frame, MapEdge } from '../core/wire.ts';
import { select } from '../map/selection.ts';

const kindWords = { http: 'requests', tcp: 'store connection', async: 'messages' } as const;

/** What is known of the calls from one to another. */
export function EdgePanel({ frame, from, to }: { frame: Frame; from: string; to: string }) {
  const edge = frame.edges.find((one) => one.from === from && one.to === to);
  const isBreakable = engineState.value === 'present' && edge && edge.kind !== 'async';
  return (
    <article aria-label={`${from} to ${to}`}>
      <p class="incident-kicker muted small">{edge ? kindWords[edge.kind] : 'no calls seen'}</p>
      <h2 class="side-title">
        <button type="button" class="side-end" onClick={() => select({ node: from })}>
          {from}
        </button>
        {' → '}
        <button type="button" class="side-end" onClick={() => select({ node: to })}>
          {to}
        </button>
      </h2>
      {edge && <Facts edge={edge} />}
      <p class="incident-actions">
        <Link class="button small" href={address('/traces', { service: from })}>
          {`Traces of ${from}`}
        </Link>
        {isBreakable && (
          <button
            type="button"
            class="button small danger"
            onClick={() =>
              setQuery({ fault: `${from}->${edge.kind === 'tcp' ? 'store:' : ''}${to}` })
            }
          >
            Break it …
          </button>
        )}
      </p>
    </article>
  );
}

function Facts({ edge }: { edge: MapEdge }) {
  const { kind, requestsPerSecond, errorShare, p50Ms, p95Ms, retriesPerSecond, mtls } = edge;
  const attempts = requestsPerSecond + retriesPerSecond;
  const factor = requestsPerSecond > 0 ? attempts / requestsPerSecond : 1;
  return (
    <dl class="side-facts">
      <Fact name="Rate">{formatRate(requestsPerSecond)}</Fact>
      <Fact name="Failed">{formatShare(errorShare)}</Fact>
      {p50Ms !== undefined && <Fact name="Half take up to">{formatMs(p50Ms)}</Fact>}
      {p95Ms !== undefined && <Fact name="95 of 100 take up to">{formatMs(p95Ms)}</Fact>}
      {kind === 'http' && (
        <>
          <Fact name="Tried again">
            {retriesPerSecond > 0 ? `${formatRate(retriesPerSecond)}, ×${factor.toFixed(1)}` : 'no'}
          </Fact>
          <Fact name="Circuit breaker">
            {edge.openBreakers > 0 ? `open for ${edge.openBreakers}` : 'closed'}
          </Fact>
          <Fact name="Mutual TLS">
            {mtls === undefined ? 'not known' : mtls ? 'yes, both ends proved' : 'no'}
          </Fact>
        </>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
