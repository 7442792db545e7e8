import { Chart } from '../metrics/chart.tsx';
import { Problem } from '../metrics/metrics-view.tsx';
import { promString } from '../metrics/model/promql.ts';
import type { Unit } from '../metrics/model/unit.ts';
import { useLines } from '../metrics/use-range.ts';

type Figure = { title: string; metric: string; unit: Unit };

const RANGE = '15m';
const figures: readonly Figure[] = [
  { title: 'Requests a second', metric: 'version:requests:rate', unit: 'number' },
  { title: 'Share of errors', metric: 'version:errors:ratio', unit: 'share' },
  { title: '95th percentile', metric: 'version:latency_ms:p95', unit: 'ms' },
];

/** Rate, errors and duration of the last quarter of an hour, by version. */
export function RedCharts({ service }: { service: string }) {
  return (
    <div class="service-red">
      {figures.map((figure) => (
        <RedChart key={figure.metric} service={service} figure={figure} />
      ))}
    </div>
  );
}

function RedChart({ service, figure }: { service: string; figure: Figure }) {
  const { title, metric, unit } = figure;
  const query = `sum by (version) (${metric}{service=${promString(service)}})`;
  const { value, error } = useLines({ query, range: RANGE });
  return (
    <section class="panel" aria-label={title}>
      <h2>{title}</h2>
      {error && <Problem error={error} />}
      {!error && value === undefined && <p class="empty">Asking …</p>}
      {value?.lines.length === 0 && <p class="empty">No requests in this time.</p>}
      {value && value.lines.length > 0 && (
        <Chart
          lines={value}
          unit={unit}
          label={`${title} of ${service}, by version`}
          height={150}
        />
      )}
    </section>
  );
}
