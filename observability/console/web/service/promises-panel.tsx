import { formatShare } from '../core/format.ts';
import { useAsked } from '../core/query.ts';
import { atMs } from '../core/url.ts';
import { queryAt, refreshMs } from '../metrics/use-range.ts';
import { describePromise, promiseQueries, type PromiseRow, promiseRows } from './model/promises.ts';

/** What is promised of people's journeys, and how much of the error budgets is left. */
export function PromisesPanel({ service }: { service: string }) {
  const { value } = useAsked(
    `promises ${atMs.value}`,
    async (signal) => {
      const [budgets, left, burn] = await Promise.all([
        queryAt(promiseQueries.budgets, signal),
        queryAt(promiseQueries.left, signal),
        queryAt(promiseQueries.burn, signal),
      ]);
      return promiseRows({ budgets, left, burn });
    },
    refreshMs(),
  );
  return (
    <section class="panel" aria-label="Promises">
      <h2>Promises and error budgets</h2>
      <p class="muted small">
        Promised of journeys, and measured where people come in: at the gateway
        {service === 'gateway' ? ', here' : `. What ${service} breaks shows in them`}.
      </p>
      {value && value.length > 0 ? (
        <ul class="service-promises">
          {value.map((row) => (
            <Promised key={`${row.journey} ${row.slo}`} row={row} />
          ))}
        </ul>
      ) : (
        <p class="empty">Nothing is recorded of promises yet: they need Prometheus and requests.</p>
      )}
    </section>
  );
}

function Promised({ row }: { row: PromiseRow }) {
  const { journey, slo, objective, left, burn } = row;
  const isBurning = (burn ?? 0) > 1;
  const state = left === undefined ? '' : left <= 0 ? 'gone' : isBurning ? 'burning' : '';
  return (
    <li class={state}>
      <span>
        <b>{journey}</b> {slo} <span class="muted">{formatObjective(objective)}</span>
      </span>
      <span class="service-budget">
        <i style={{ width: `${100 * Math.max(0, Math.min(1, left ?? 0))}%` }} />
      </span>
      <span class="small">{describePromise(row)}</span>
    </li>
  );
}

function formatObjective(objective: number): string {
  return objective > 0.99 ? `${Number((objective * 100).toFixed(3))} %` : formatShare(objective);
}
